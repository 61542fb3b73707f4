// Loads bases from folders: whole, in shards, and broken in the ways that people break them.
import { cpSync, existsSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { baseIdOf, loadBase } from '@/core/base/load-base';
import { type NamedTensors, writeSafetensors } from '@/core/formats/safetensors';
import { rememberedSha256File, sha256, sha256File } from '@/core/hash';
import { tinyLlamaConfig, writeTinyLlama } from '@/test/tiny-llama';
import { failure, findGguf, temporaryFolder, tensorsOf } from './files';

const root = temporaryFolder();
const whole = join(root, 'Tiny Llama');
beforeAll(() => writeTinyLlama(whole, { seed: 3 }));

function copy(name: string): string {
  const folder = join(root, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(whole, folder, { recursive: true });
  return folder;
}
const weightsOf = (folder: string) => tensorsOf(join(folder, 'model.safetensors'));
function editJson(path: string, change: Record<string, unknown>): void {
  const old = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  writeFileSync(path, JSON.stringify({ ...old, ...change }));
}

test('a folder gives config, weights, hash and id', async () => {
  const base = await loadBase(whole);
  expect(base.id).toBe('tiny-llama');
  expect(base.weights.config).toEqual(tinyLlamaConfig());
  expect(base.sha256).toBe(sha256(readFileSync(join(whole, 'model.safetensors'))));
  expect(base.weights.tensor('model.layers.1.mlp.down_proj.weight').shape).toEqual([64, 128]);
});

test('shards named by an index are the same base', async () => {
  const folder = copy('shards');
  const all = [...weightsOf(folder)];
  const shards: NamedTensors[] = [new Map(all.slice(0, 9)), new Map(all.slice(9))];
  const weight_map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    await writeSafetensors(join(folder, `model-${i}.safetensors`), shard);
    for (const name of shard.keys()) weight_map[name] = `model-${i}.safetensors`;
  }
  unlinkSync(join(folder, 'model.safetensors'));
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
  const [one, two] = [await loadBase(whole), await loadBase(folder)];
  for (const name of one.weights.names) {
    expect(two.weights.tensor(name).float32()).toEqual(one.weights.tensor(name).float32());
  }
  unlinkSync(join(folder, 'model-1.safetensors'));
  expect(await failure(() => loadBase(folder))).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('model-1'),
  });
});

test('chat_template.jinja takes precedence over tokenizer_config.json', async () => {
  const folder = copy('jinja');
  writeFileSync(join(folder, 'chat_template.jinja'), "{{ messages[0]['content'] }}!");
  expect((await loadBase(folder)).renderPrompt([{ role: 'user', content: 'A' }])).toEqual([65, 33]);
});

test('every end token counts, and the one that the template writes after an answer is first', async () => {
  const folder = copy('ends');
  editJson(join(folder, 'config.json'), { eos_token_id: 258 });
  editJson(join(folder, 'generation_config.json'), { eos_token_id: [258, 260] });
  expect((await loadBase(folder)).weights.config.eosTokenIds).toEqual([257, 258, 260]); // <|im_end|> is 257
});

test("the template gets the tokenizer's names of the first and last token", async () => {
  const folder = copy('names');
  editJson(join(folder, 'tokenizer_config.json'), { bos_token: { content: '<|im_start|>' }, eos_token: 'E' });
  writeFileSync(join(folder, 'chat_template.jinja'), '{{ bos_token }}{{ eos_token }}');
  const base = await loadBase(folder);
  expect(base.renderPrompt([{ role: 'user', content: 'A' }])).toEqual([256, 69]);
});

describe('a text begins with the bos token', () => {
  const template = (single: object[]) => ({ type: 'TemplateProcessing', single, pair: [], special_tokens: {} });
  const begun = template([{ SpecialToken: { id: '<|im_start|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]);
  const bare = template([{ Sequence: { id: 'A', type_id: 0 } }]);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false };
  test.each([
    ['if tokenizer.json adds it', begun, {}, [256]],
    ['if a sequence in tokenizer.json adds it', { type: 'Sequence', processors: [byteLevel, begun] }, {}, [256]],
    ['if the configuration says so', null, { add_bos_token: true }, [256]],
    ['but not without either', byteLevel, {}, []],
    ['but not if the template leaves it out', bare, {}, []],
    ['but not if the configuration forbids it', begun, { add_bos_token: false }, []],
  ])('%s', async (name, post_processor, change, expected) => {
    const folder = copy(name);
    editJson(join(folder, 'tokenizer.json'), { post_processor });
    editJson(join(folder, 'tokenizer_config.json'), change);
    expect((await loadBase(folder)).textStart).toEqual(expected);
  });
});

test('an added token beyond the embedding is left out if the template does not need it', async () => {
  const folder = copy('image');
  const path = join(folder, 'tokenizer.json');
  const { added_tokens } = JSON.parse(readFileSync(path, 'utf8'));
  editJson(path, { added_tokens: [...added_tokens, { id: 288, content: '<image>', special: true }] });
  expect((await loadBase(folder)).tokenizer.vocabSize).toBe(288);
});

describe('a broken folder is refused by name:', () => {
  test.each([
    ['another model type', 'config.json', { model_type: 'mamba' }, 'UNSUPPORTED', 'mamba'],
    ['scaled RoPE', 'config.json', { rope_scaling: { type: 'yarn', factor: 2 } }, 'UNSUPPORTED', 'yarn'],
    ['biases', 'config.json', { attention_bias: true }, 'UNSUPPORTED', 'bias'],
    ['a config of another size', 'config.json', { intermediate_size: 256 }, 'CORRUPT', 'gate_proj'],
    ['too many layers', 'config.json', { num_hidden_layers: 3 }, 'CORRUPT', 'layers.2'],
    ['a missing number', 'config.json', { hidden_size: null }, 'CORRUPT', 'hidden_size'],
    ['no end of turn', 'config.json', { eos_token_id: null }, 'UNSUPPORTED', 'eos_token_id'],
    ['no chat template', 'tokenizer_config.json', { chat_template: null }, 'UNSUPPORTED', 'chat template'],
  ])('%s', async (name, file, change, code, text) => {
    const folder = copy(name);
    editJson(join(folder, file), change);
    const found = await failure(() => loadBase(folder));
    expect(found.code).toBe(code);
    expect(found.message).toContain(text);
  });

  test('a tokenizer larger than the embedding', async () => {
    const folder = copy('vocabulary');
    const tensors = weightsOf(folder);
    const { values } = tensors.get('model.embed_tokens.weight')!;
    tensors.set('model.embed_tokens.weight', { shape: [256, 64], values: values.slice(0, 256 * 64) });
    await writeSafetensors(join(folder, 'model.safetensors'), tensors);
    editJson(join(folder, 'config.json'), { vocab_size: 256 });
    expect(await failure(() => loadBase(folder))).toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('258'), // <|im_end|>, which the template needs; those after it are left out
    });
  });

  test('invalid JSON, a missing folder, and a folder without a model', async () => {
    const folder = copy('json');
    writeFileSync(join(folder, 'tokenizer.json'), '{"model":');
    expect((await failure(() => loadBase(folder))).code).toBe('CORRUPT');
    expect((await failure(() => loadBase(join(root, 'none')))).code).toBe('NOT_FOUND');
    expect((await failure(() => loadBase(root))).code).toBe('BAD_INPUT');
  });
});

test('a hash is remembered until size or time changes, and a damaged note is ignored', async () => {
  const path = join(root, 'bytes');
  const note = join(root, '.bytes.sha256.json');
  writeFileSync(path, 'one');
  const first = await rememberedSha256File(path);
  expect(first).toBe(await sha256File(path));
  // The hash comes from the note: a false hash in it is returned.
  const { mtimeMs, size } = statSync(path);
  writeFileSync(note, JSON.stringify({ size, mtimeMs, sha256: 'f'.repeat(64) }));
  expect(await rememberedSha256File(path)).toBe('f'.repeat(64));
  writeFileSync(note, '{');
  expect(await rememberedSha256File(path)).toBe(first);
  writeFileSync(path, 'two');
  utimesSync(path, 1, 1);
  expect(await rememberedSha256File(path)).toBe(sha256('two'));
});

test.each([
  ['/m/SmolLM2-135M-Instruct.Q4_1.gguf', 'smollm2-135m-instruct'],
  ['SmolLM2-1.7B-Instruct-Q8_0.gguf', 'smollm2-1.7b-instruct'],
  ['model.bf16.gguf', 'model'],
  ['/m/Tiny Llama', 'tiny-llama'],
])('the id of %s is %s', (path, id) => {
  expect(baseIdOf(path)).toBe(id);
});

const gguf = findGguf();
test.runIf(gguf)('the downloaded base loads with its published hash', async () => {
  const base = await loadBase(gguf!);
  expect(base.id).toBe('smollm2-135m-instruct');
  expect(base.sha256).toBe('b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53');
});
