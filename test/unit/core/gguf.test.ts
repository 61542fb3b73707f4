// Reads GGUF files written by hand here, and the real base if it is present.
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readGguf, unpermuteRows } from '@/core/formats/gguf';
import { dequantise } from '@/core/formats/quantisation';
import { checkWeights, readLlamaFolder } from '@/core/formats/transformers-folder';
import { familyFolder } from '../../bases-support';
import { failure, findGguf, temporaryFolder } from './files';

const folder = temporaryFolder();

const u32 = (n: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};
const u64 = (n: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
};
const f32 = (n: number) => Buffer.from(Float32Array.of(n).buffer);
const text = (s: string) => Buffer.concat([u64(Buffer.byteLength(s)), Buffer.from(s)]);

interface Made {
  architecture?: string;
  /** More metadata fields, all integers. */
  integers?: Record<string, number>;
  /** [name, ggml shape, ggml type, bytes] */
  tensors?: [string, number[], number, Uint8Array][];
}

/** A GGUF of one block with 2 heads of size 4, hidden 8. */
function makeGguf(name: string, { architecture = 'llama', integers: more = {}, tensors = [] }: Made): string {
  const all = [['token_embd.weight', [8, 2], 0, new Uint8Array(64)] as const, ...tensors];
  const integers: Record<string, number> = {
    'llama.block_count': 1,
    'llama.context_length': 16,
    'llama.embedding_length': 8,
    'llama.feed_forward_length': 32,
    'llama.attention.head_count': 2,
    'tokenizer.ggml.eos_token_id': 1,
    ...more,
  };
  const metadata = [
    Buffer.concat([text('general.architecture'), u32(8), text(architecture)]),
    ...Object.entries(integers).map(([key, value]) => Buffer.concat([text(key), u32(4), u32(value)])),
    Buffer.concat([text('llama.attention.layer_norm_rms_epsilon'), u32(6), f32(1e-5)]),
  ];
  let offset = 0;
  const infos = all.map(([tensorName, shape, type, bytes]) => {
    const info = Buffer.concat([text(tensorName), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)]);
    offset += Math.ceil(bytes.length / 32) * 32;
    return info;
  });
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(all.length),
    u64(metadata.length),
    ...metadata,
    ...infos,
  ]);
  const pad = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([pad(header), ...all.map(([, , , bytes]) => pad(bytes))]));
  return path;
}

const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

test("config and tensors have transformers' names and shapes, [out, in]", async () => {
  const path = makeGguf('names.gguf', {
    tensors: [['blk.0.ffn_down.weight', [4, 2], 0, floats([1, 2, 3, 4, 5, 6, 7, 8])]],
  });
  const model = await readGguf(path);
  expect(model.config).toMatchObject({
    headSize: 4,
    keyValueHeads: 2,
    ropeTheta: 10000,
    rmsNormEps: 1e-5,
    tiedHead: true,
  });
  const tensor = model.tensor('model.layers.0.mlp.down_proj.weight');
  expect(tensor.shape).toEqual([2, 4]);
  expect([...tensor.float32()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(tensor.blocks()).toBeNull();
  expect(await failure(() => model.tensor('lm_head.weight'))).toMatchObject({ code: 'NOT_FOUND' });
  model.close();
});

test("query rows are read in transformers' order", async () => {
  // Per head of size 4 llama.cpp stores rows (0, 2, 1, 3): pairs of the two halves.
  const stored = [0, 2, 1, 3, 4, 6, 5, 7].flatMap((row) => new Array<number>(8).fill(row));
  const model = await readGguf(makeGguf('q.gguf', { tensors: [['blk.0.attn_q.weight', [8, 8], 0, floats(stored)]] }));
  const rows = model.tensor('model.layers.0.self_attn.q_proj.weight').float32();
  expect(Array.from({ length: 8 }, (_, row) => rows[row * 8])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  model.close();
});

test('unpermuteRows undoes the converter: reshape(heads, 2, half).swap(1, 2)', () => {
  const [heads, size] = [3, 8];
  const original = Uint8Array.from({ length: heads * size }, (_, i) => i);
  const converted = new Uint8Array(heads * size);
  for (let h = 0; h < heads; h++) {
    for (let s = 0; s < 2; s++) {
      for (let j = 0; j < size / 2; j++) converted[h * size + 2 * j + s] = original[h * size + s * (size / 2) + j]!;
    }
  }
  expect(unpermuteRows(converted, heads * size, size)).toEqual(original);
});

test.each(['llama3', 'qwen2', 'qwen3', 'gemma3'] as const)(
  'the GGUF of %s has the config and the weights of its folder',
  async (family) => {
    const [folder, model] = [readLlamaFolder(familyFolder(family)), await readGguf(`${familyFolder(family)}.gguf`)];
    const { ropeFactors, ...config } = model.config;
    const { ropeFactors: expectedFactors, ...expected } = folder.config;
    // A GGUF file does not hold Gemma's score scale: llama.cpp uses headSize ** -0.5.
    const attentionScale = family === 'gemma3' ? 32 ** -0.5 : expected.attentionScale;
    expect(config).toEqual({ ...expected, attentionScale });
    expect(ropeFactors === null).toBe(expectedFactors === null);
    for (const [i, factor] of (expectedFactors ?? []).entries()) expect(ropeFactors![i]).toBeCloseTo(factor, 4);
    expect([...model.names].sort()).toEqual([...folder.names].sort());
    for (const name of folder.names) {
      expect(model.tensor(name).float32(), name).toEqual(folder.tensor(name).float32());
    }
    checkWeights(model, family);
    model.close();
  },
);

test.each([
  ['another architecture', { architecture: 'phi3' }, 'UNSUPPORTED', '"phi3"'],
  [
    'another quantisation',
    { tensors: [['blk.0.ffn_up.weight', [256, 1], 10, new Uint8Array(84)]] },
    'UNSUPPORTED',
    'Q2_K',
  ],
  ['an unknown tensor', { tensors: [['blk.0.attn_q.bias', [8], 0, floats([0])]] }, 'UNSUPPORTED', 'attn_q.bias'],
  ['experts', { integers: { 'llama.expert_count': 8 } }, 'UNSUPPORTED', 'llama.expert_count = 8'],
  [
    'partial rotary',
    { integers: { 'llama.rope.dimension_count': 2 } },
    'UNSUPPORTED',
    'llama.rope.dimension_count = 2',
  ],
  [
    'rows that are not whole blocks',
    { tensors: [['blk.0.ffn_up.weight', [31, 1], 8, new Uint8Array(64)]] },
    'CORRUPT',
    '31',
  ],
] satisfies [string, Made, string, string][])('%s is refused by name', async (name, made, code, value) => {
  const found = await failure(() => readGguf(makeGguf(`${name}.gguf`, made)));
  expect(found.code).toBe(code);
  expect(found.message).toContain(value);
});

test('a truncated file, a cut header, another magic and a missing file get different errors', async () => {
  const path = makeGguf('whole.gguf', {});
  const size = readFileSync(path).length;
  truncateSync(path, size - 1);
  expect(await failure(() => readGguf(path))).toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('token_embd'),
  });
  truncateSync(path, 100);
  expect(await failure(() => readGguf(path))).toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('header'),
  });
  writeFileSync(path, 'PK\u0003\u0004 not a model');
  expect(await failure(() => readGguf(path))).toMatchObject({
    code: 'CORRUPT',
    message: expect.stringContaining('PK'),
  });
  expect(await failure(() => readGguf(join(folder, 'none.gguf')))).toMatchObject({ code: 'NOT_FOUND' });
});

test('a file cut anywhere is CORRUPT', async () => {
  const whole = readFileSync(makeGguf('cut-anywhere.gguf', {}));
  for (let length = 0; length < whole.length; length += 7) {
    const path = join(folder, 'cut-anywhere.gguf');
    writeFileSync(path, whole.subarray(0, length));
    expect((await failure(() => readGguf(path))).code, `cut at ${length}`).toBe('CORRUPT');
  }
});

const gguf = findGguf();
describe.runIf(gguf)('SmolLM2-135M-Instruct', () => {
  test('has the published sizes, 134,515,008 weights, and codes that decode to its values', async () => {
    const model = await readGguf(gguf!);
    expect(model.config).toMatchObject({ layers: 30, hiddenSize: 576, heads: 9, keyValueHeads: 3, vocabSize: 49152 });
    expect(model.names).toHaveLength(272);
    const count = model.names.reduce((sum, name) => sum + model.tensor(name).shape.reduce((a, b) => a * b, 1), 0);
    expect(count).toBe(134_515_008);
    for (const name of ['model.layers.0.self_attn.k_proj.weight', 'model.layers.7.mlp.up_proj.weight']) {
      const tensor = model.tensor(name);
      const blocks = tensor.blocks()!;
      expect(dequantise(blocks.encoding, new Uint8Array(blocks.bytes))).toEqual(tensor.float32());
    }
    // Trained norms are positive with a mean near 1.8, so a wrong offset or type would show.
    const norm = model.tensor('model.norm.weight').float32();
    expect(norm.reduce((a, b) => a + b, 0)).toBeCloseTo(1038.332, 2);
    model.close();
  });

  test('is refused when its last byte is missing', async () => {
    const path = join(folder, 'cut.gguf');
    copyFileSync(gguf!, path);
    truncateSync(path, readFileSync(path).length - 1);
    expect((await failure(() => readGguf(path))).code).toBe('CORRUPT');
  });
});
