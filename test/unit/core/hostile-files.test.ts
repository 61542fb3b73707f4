// Damaged and hostile model files are refused quickly, by name, and before they can take up memory.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkAdapter } from '@/core/artifact/adapter';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, readAdapter } from '@/core/artifact/adapter-files';
import { loadBase } from '@/core/base/load-base';
import { AttuneError } from '@/core/errors';
import { readGguf } from '@/core/formats/gguf';
import { checkWeights } from '@/core/formats/transformers-folder';
import { Rng } from '@/core/rng';
import { failure, temporaryFolder } from './files';

const fixtures = join(import.meta.dirname, '../../fixtures');
const former = join(fixtures, 'former');
const GGUF = readFileSync(join(fixtures, 'bases/qwen2.gguf'));
const root = temporaryFolder();
const MEBIBYTE = 2 ** 20;

const baseCopy = (name: string) => copyOf(join(former, 'base'), name);
const rewardCopy = (name: string) => copyOf(join(former, 'finished/reward-model'), name);
function copyOf(source: string, name: string): string {
  const folder = join(root, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(source, folder, { recursive: true });
  return folder;
}

function editJson(path: string, change: object): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
}

/** Loads a base and reads all of it, as the engine and the trainer do. */
async function useBase(path: string): Promise<void> {
  const base = await loadBase(path);
  for (const name of base.weights.names) {
    base.weights.tensor(name).float32();
    base.weights.tensor(name).blocks();
  }
  base.renderPrompt([{ role: 'user', content: 'Hi <|im_end|>' }]);
}

/** Reads only the weights, because the fixture has no tokenizer. */
async function useGguf(path: string): Promise<void> {
  const weights = await readGguf(path);
  try {
    checkWeights(weights, path);
    for (const name of weights.names) {
      weights.tensor(name).float32();
      weights.tensor(name).blocks();
    }
  } finally {
    weights.close();
  }
}

describe('a folder is refused by file and field', () => {
  const CASES: [string, string, object, string][] = [
    ['a thousand million layers', 'config.json', { num_hidden_layers: 1e9 }, 'num_hidden_layers'],
    ['a negative size', 'config.json', { hidden_size: -32 }, 'hidden_size'],
    ['a huge vocabulary', 'config.json', { vocab_size: 2 ** 40 }, 'vocab_size'],
    ['no heads', 'config.json', { num_attention_heads: 0 }, 'num_attention_heads'],
    ['heads of half a number', 'config.json', { head_dim: null, num_attention_heads: 5 }, 'attention heads'],
    ['uneven groups', 'config.json', { num_key_value_heads: 3, num_attention_heads: 4 }, 'attention heads'],
    ['a classifier', 'config.json', { architectures: ['LlamaForSequenceClassification'] }, 'architectures'],
    ['weights of MLX', 'config.json', { quantization: { bits: 4 } }, 'quantization'],
    ['an end that is not a token', 'config.json', { eos_token_id: 99_999 }, '99999'],
    ['random merges', 'tokenizer.json', { model: { type: 'BPE', vocab: {}, merges: [], dropout: 0.1 } }, 'dropout'],
    [
      'a broken expression',
      'tokenizer.json',
      { pre_tokenizer: { type: 'Split', pattern: { Regex: '(((' }, behavior: 'Isolated', invert: false } },
      'tokenizer.json',
    ],
    ['an unknown part', 'tokenizer.json', { normalizer: { type: 'Rot13' } }, 'tokenizer.json'],
    [
      'a token id beyond the vocabulary',
      'tokenizer.json',
      { model: { type: 'BPE', vocab: { a: 2 ** 31 }, merges: [] } },
      'model.vocab',
    ],
  ];
  test.each(CASES)('%s', async (name, file, change, text) => {
    const folder = baseCopy(name);
    editJson(join(folder, file), change);
    const found = await failure(() => loadBase(folder));
    expect(found.message).toContain(folder);
    expect(found.message).toContain(text);
  });

  test('weights that are not finite', async () => {
    const folder = baseCopy('not finite');
    const path = join(folder, 'model.safetensors');
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(0x7e00, bytes.length - 2); // a half that is NaN
    writeFileSync(path, bytes);
    expect((await failure(() => useBase(folder))).message).toMatch(/base|model.*not finite/);
  });
});

describe('a GGUF file is refused by field', () => {
  const path = join(root, 'case.gguf');
  const at = (text: string) => GGUF.indexOf(text) + text.length;
  const edit = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(GGUF);
    change(bytes);
    writeFileSync(path, bytes);
  };
  const CASES: [string, (bytes: Buffer) => void, string][] = [
    ['big-endian', (b) => b.writeUInt32BE(3, 4), 'big-endian'],
    ['version 1', (b) => b.writeUInt32LE(1, 4), 'version 1'],
    ['a version of the future', (b) => b.writeUInt32LE(4, 4), 'version 4'],
    ['2^63 tensors', (b) => b.writeBigUInt64LE(2n ** 63n, 8), 'tensor_count'],
    ['2^40 fields', (b) => b.writeBigUInt64LE(2n ** 40n, 16), 'metadata_kv_count'],
    ['a key without an end', (b) => b.writeBigUInt64LE(2n ** 50n, 24), 'the name of field 0'],
    // A key is followed by its type (4 bytes) and its value, which for a list starts with item type (4) and count (8).
    [
      'an endless list',
      (b) => Buffer.from('090000000800000000000000ff', 'hex').copy(b, at('block_count')),
      'block_count',
    ],
    ['10^9 layers', (b) => b.writeUInt32LE(1e9, at('qwen2.block_count') + 4), 'block_count'],
    ['no heads', (b) => b.writeUInt32LE(0, at('qwen2.attention.head_count') + 4), 'head_count'],
    ['an unknown field', (b) => b.write('qwen2.blockzcount', GGUF.indexOf('qwen2.block_count')), 'blockzcount'],
    ['scales that are not finite', (b) => b.fill(0xff, b.length - 64), 'not finite'],
  ];
  test.each(CASES)('%s', async (_, change, text) => {
    edit(change);
    const found = await failure(() => useGguf(path));
    expect(found.message).toContain(path);
    expect(found.message).toContain(text);
  });
});

/** Values that readers do not expect, to replace those that they do. */
const ODD = [null, true, -1, 0, 0.5, 1e9, 2 ** 53, 1e308, '', 'x', '(((', [], {}, [[[]]], '\ud800', '__proto__'];

function mutateBytes(bytes: Buffer, head: number, rng: Rng): Buffer {
  const out = Buffer.from(bytes);
  // Most mutations hit the header, where they can do the most harm.
  const place = () => rng.integer(rng.uniform() < 0.85 ? Math.min(head, out.length - 8) : out.length - 8);
  for (let i = 0; i <= rng.integer(4); i++) {
    const kind = rng.integer(5);
    if (kind === 0) out[place()]! ^= 1 << rng.integer(8);
    else if (kind === 1) out.fill(0xff, place(), place() + rng.integer(8));
    else if (kind === 2) out.writeBigUInt64LE([0n, 1n, 2n ** 31n, 2n ** 63n, 2n ** 64n - 1n][rng.integer(5)]!, place());
    else if (kind === 3) out.copy(out, place(), place(), place());
    else return out.subarray(0, place());
  }
  return out;
}

/** Replaces, removes or renames a value somewhere in the JSON. */
function mutateJson(json: unknown, rng: Rng): unknown {
  if (typeof json !== 'object' || json === null || rng.uniform() < 0.15) return ODD[rng.integer(ODD.length)];
  const keys = Object.keys(json);
  if (keys.length === 0) return ODD[rng.integer(ODD.length)];
  const key = keys[rng.integer(keys.length)]!;
  const copy = (Array.isArray(json) ? [...json] : { ...json }) as Record<string, unknown>;
  const kind = rng.integer(6);
  if (kind === 0) delete copy[key];
  else if (kind === 1) copy[`${key}_`] = copy[key];
  else copy[key] = mutateJson(copy[key], rng);
  return copy;
}

/** Throws, naming the round, unless the file is used or refused by an AttuneError quickly and without much memory. */
async function expectRefusalOrUse(round: string, use: () => Promise<void>): Promise<'used' | 'refused'> {
  const [started, memory] = [performance.now(), process.memoryUsage().rss];
  let outcome: 'used' | 'refused' = 'used';
  try {
    await use();
  } catch (error) {
    if (!(error instanceof AttuneError) || error.code === 'INTERNAL' || error.message === '')
      throw new Error(`${round}: not an AttuneError`, { cause: error });
    outcome = 'refused';
  }
  if (performance.now() - started > 15_000) throw new Error(`${round} took ${performance.now() - started} ms`);
  if (process.memoryUsage().rss - memory > 400 * MEBIBYTE) throw new Error(`${round} took memory`);
  return outcome;
}

describe('a randomly mutated file is used or refused, without a raw error, a hang or gigabytes of memory', () => {
  async function fuzz(rounds: number, seed: number, mutate: (rng: Rng) => void, use: () => Promise<void>) {
    const outcomes = { used: 0, refused: 0 };
    for (let i = 0; i < rounds; i++) {
      mutate(new Rng(seed * 10_000 + i));
      outcomes[await expectRefusalOrUse(`seed ${seed}, round ${i}`, use)]++;
    }
    expect(outcomes.refused).toBeGreaterThan(rounds / 4);
  }

  test('a GGUF file', async () => {
    const path = join(root, 'fuzz.gguf');
    const head = GGUF.indexOf('output_norm.weight') + 64;
    await fuzz(
      150,
      1,
      (rng) => writeFileSync(path, mutateBytes(GGUF, head, rng)),
      () => useGguf(path),
    );
  });

  test('the safetensors of a base', async () => {
    const folder = baseCopy('fuzz-weights');
    const path = join(folder, 'model.safetensors');
    const bytes = readFileSync(path);
    const head = 8 + Number(bytes.readBigUInt64LE());
    await fuzz(
      150,
      2,
      (rng) => writeFileSync(path, mutateBytes(bytes, head, rng)),
      () => useBase(folder),
    );
  });

  test.each(['config.json', 'tokenizer.json', 'tokenizer_config.json'])('%s', async (file) => {
    const folder = baseCopy(`fuzz-${file}`);
    const path = join(folder, file);
    const json = JSON.parse(readFileSync(path, 'utf8'));
    await fuzz(
      150,
      3,
      (rng) => writeFileSync(path, JSON.stringify(mutateJson(json, rng))),
      () => useBase(folder),
    );
  });

  test('an adapter, its settings and its weights', async () => {
    const { config } = (await loadBase(join(former, 'base'))).weights;
    const folder = rewardCopy('fuzz-adapter');
    const [configPath, weightsPath] = [ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE].map((name) => join(folder, name));
    const json = JSON.parse(readFileSync(configPath!, 'utf8'));
    const bytes = readFileSync(weightsPath!);
    const head = 8 + Number(bytes.readBigUInt64LE());
    const change = (rng: Rng) => {
      const isConfig = rng.uniform() < 0.5;
      writeFileSync(configPath!, JSON.stringify(isConfig ? mutateJson(json, rng) : json));
      writeFileSync(weightsPath!, isConfig ? bytes : mutateBytes(bytes, head, rng));
    };
    await fuzz(300, 4, change, async () => checkAdapter(await readAdapter(folder), config));
  });
});
