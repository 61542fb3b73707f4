// The parts of `attune export`: a merge against hand values, config.json of GGUF bases, streamed safetensors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mergeAdapter } from '@/cli/export/merge';
import type { Adapter } from '@/core/artifact/adapter';
import { readGguf } from '@/core/formats/gguf';
import { encodeSafetensors, streamSafetensors } from '@/core/formats/safetensors';
import { parseTransformersConfig } from '@/core/formats/transformers-config';
import { transformersConfig } from '@/core/formats/transformers-config-writer';
import { readLlamaFolder } from '@/core/formats/transformers-folder';
import { familyFolder } from '@/test/bases-support';
import { failure, temporaryFolder } from '@/test/unit/core/files';

const folder = temporaryFolder();

describe('merging an adapter', () => {
  const weights = readLlamaFolder(familyFolder('qwen2'));
  const name = (layer: number) => `model.layers.${layer}.self_attn.o_proj.weight`;
  const [out, columns] = weights.tensor(name(0)).shape as [number, number];
  const zeros = (length: number) => new Float32Array(length);
  const pairs: Adapter['pairs'] = new Map();
  for (let layer = 0; layer < weights.config.layers; layer++) {
    pairs.set(`layers.${layer}.self_attn.o_proj`, { a: zeros(2 * columns), b: zeros(2 * out) });
  }
  const { a, b } = pairs.get('layers.0.self_attn.o_proj')!;
  // A: row 0 has 1 in column 3, row 1 has 2 in column 5. B: row 4 is (10, 0.5), so that B A has 10 and 1 in row 4.
  a[3] = 1;
  a[columns + 5] = 2;
  b[2 * 4] = 10;
  b[2 * 4 + 1] = 0.5;
  const merged = mergeAdapter(weights, { rank: 2, alpha: 3, targets: ['self_attn.o_proj'], pairs });

  test('adds alpha / rank times B A to its projections, and leaves the other tensors', () => {
    const before = weights.tensor(name(0)).float32();
    const after = merged.tensor(name(0)).float32();
    const added = Array.from(after, (value, i) => value - before[i]!);
    expect(added[4 * columns + 3]).toBeCloseTo(15, 5); // 3 / 2 * 10
    expect(added[4 * columns + 5]).toBeCloseTo(1.5, 5); // 3 / 2 * 1
    expect(added.filter((value) => value !== 0)).toHaveLength(2);
    const other = 'model.layers.0.mlp.up_proj.weight';
    expect(merged.tensor(other).float32()).toEqual(weights.tensor(other).float32());
  });

  test('does not offer the file’s quantised codes, which hold only for the base', () => {
    expect(merged.tensor(name(0)).blocks()).toBeNull();
    expect(merged.tensor(name(0)).encoding).toBe('F32');
  });
});

describe('config.json of a GGUF base', () => {
  test.each(['llama3', 'qwen2', 'qwen3', 'gemma3'] as const)(
    "of %s says the same as transformers' own",
    async (family) => {
      const { config, close } = await readGguf(`${familyFolder(family)}.gguf`);
      close();
      const written = parseTransformersConfig(transformersConfig(config, family), family);
      const own = readLlamaFolder(familyFolder(family)).config;
      // The fixtures' GGUF files have different special tokens.
      const { eosTokenIds: _a, bosTokenId: _b, ropeFactors, ...rest } = written;
      const { eosTokenIds: _c, bosTokenId: _d, ropeFactors: ownFactors, ...ownRest } = own;
      expect(rest).toEqual({
        ...ownRest,
        rmsNormEps: expect.closeTo(own.rmsNormEps, 10),
        attentionScale: expect.closeTo(config.attentionScale, 6), // a GGUF file does not say Gemma's own
        embeddingScale: expect.closeTo(own.embeddingScale, 6),
      });
      expect(ropeFactors === null).toBe(ownFactors === null);
      for (const [i, factor] of (ownFactors ?? []).entries()) expect(ropeFactors![i]).toBeCloseTo(factor, 4);
    },
  );

  test('is refused, naming the field, if transformers cannot express it', async () => {
    const { config, close } = await readGguf(`${familyFolder('llama3')}.gguf`);
    close();
    const odd = { ...config, ropeFactors: config.ropeFactors!.map((factor, i) => factor + i) };
    const found = await failure(() => transformersConfig(odd, 'odd.gguf'));
    expect(found).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/ropeFactors of odd\.gguf/) });
  });
});

test('safetensors written tensor by tensor have the same bytes as when encoded at once', async () => {
  const tensors = new Map([
    ['a', { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ['b', { shape: [1], values: Float32Array.of(-7) }],
  ]);
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const path = join(folder, 'stream.safetensors');
  for (const encoding of ['F32', 'BF16'] as const) {
    streamSafetensors(path, shapes, (name) => tensors.get(name)!.values, { encoding });
    expect(new Uint8Array(readFileSync(path))).toEqual(encodeSafetensors(tensors, { encoding }));
  }
  const short = await failure(() => streamSafetensors(path, shapes, () => Float32Array.of(1)));
  expect(short.message).toMatch(/a has 1 values for the shape \[2,3\]/);
});
