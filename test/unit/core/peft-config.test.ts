// An adapter made elsewhere is served as PEFT would serve it, or refused, naming the field that is not supported.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Adapter, checkAdapter, loraKey } from '@/core/artifact/adapter';
import { readAdapter } from '@/core/artifact/adapter-files';
import { type Projection, projectionShape } from '@/core/base/model-config';
import { tinyLlamaConfig } from '@/test/tiny-llama';
import { failure, temporaryFolder, writeAdapter } from './files';

const root = temporaryFolder();
const config = tinyLlamaConfig();

function makeAdapter(layers = [0, 1], targets: Projection[] = ['self_attn.q_proj', 'mlp.down_proj']): Adapter {
  const pairs: Adapter['pairs'] = new Map();
  for (const layer of layers) {
    for (const projection of targets) {
      const [out, in_] = projectionShape(config, projection);
      pairs.set(loraKey(layer, projection), { a: new Float32Array(4 * in_).fill(1), b: new Float32Array(out * 4) });
    }
  }
  return { rank: 4, alpha: 8, targets, pairs };
}

async function readWith(change: object, adapter = makeAdapter()): Promise<Adapter> {
  writeAdapter(root, adapter, 'tiny');
  const path = join(root, 'adapter_config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  return readAdapter(root);
}

// Every field of LoraConfig in PEFT 0.21 that can change what an adapter computes.
const CHANGES: object[] = [
  { alora_invocation_tokens: [1, 2] },
  { alpha_pattern: { q_proj: 16 } },
  { arrow_config: { top_k: 3 } },
  { bias: 'all' },
  { bias: 'lora_only' },
  { corda_config: { corda_method: 'ipm' } },
  { enable_lora: [true, false] },
  { ensure_weight_tying: true },
  { eva_config: { rho: 2 } },
  { exclude_modules: ['q_proj'] },
  { fan_in_fan_out: true },
  ...['olora', 'pissa', 'pissa_niter_16', 'corda', 'eva', 'loftq', 'lora_ga', 'mica'].map((init_lora_weights) => ({
    init_lora_weights,
  })),
  { kasa_config: {} },
  { layer_replication: [[0, 2]] },
  { layers_pattern: 'h' },
  { loftq_config: { loftq_bits: 4 } },
  { lora_bias: true },
  { lora_ga_config: { bsz: 2 } },
  { megatron_config: { hidden: 1 } },
  { merge_weights: true },
  { modules_to_save: ['lm_head'] },
  { monteclora_config: {} },
  { rank_pattern: { q_proj: 8 } },
  { target_parameters: ['experts.gate_up_proj'] },
  { task_type: 'SEQ_CLS' },
  { trainable_token_indices: [5] },
  { use_bdlora: {} },
  { use_dora: true },
  { use_qalora: true },
  { velora_config: {} },
  { a_field_of_next_year: 1 },
  { constructor: 1 },
];
test.each(CHANGES)('an adapter with %j is refused by the name of the field', async (change) => {
  const found = await failure(() => readWith(change));
  expect(found.code).toBe('UNSUPPORTED');
  expect(found.message).toContain(`adapter_config.json has ${Object.keys(change)[0]} = `);
});

const MALFORMED: object[] = [
  { peft_type: 'IA3' },
  { r: 0 },
  { r: 2 ** 40 },
  { lora_alpha: null },
  { target_modules: null },
];
test.each(MALFORMED)('an adapter with %j is refused', async (change) => {
  const found = await failure(() => readWith(change));
  expect(found.code).toBe('UNSUPPORTED');
  expect(found.message).toContain(Object.keys(change)[0]);
});

test('the fields that PEFT writes for a plain adapter change nothing', async () => {
  const adapter = makeAdapter();
  const written = {
    auto_mapping: { base_model_class: 'LlamaForCausalLM', parent_library: 'transformers' },
    base_model_name_or_path: 'somebody/base',
    revision: null,
    peft_version: '0.21.2',
    task_type: null,
    lora_dropout: 0.1,
    init_lora_weights: 'gaussian',
    megatron_core: 'megatron.core',
    qalora_group_size: 16,
    loftq_config: {},
    exclude_modules: null,
    target_modules: ['down_proj', 'q_proj'],
  };
  expect(await readWith(written, adapter)).toEqual(adapter);
  for (const target_modules of ['all-linear', String.raw`model\.layers\.\d+\..*proj`]) {
    expect(await readWith({ target_modules }, adapter)).toEqual(adapter);
  }
});

test('rank-stabilised LoRA divides alpha by the root of the rank: alpha 8 at rank 4 is 8 / 2 = 16 / 4', async () => {
  expect((await readWith({ use_rslora: true })).alpha).toBe(16);
});

test('layers that an adapter leaves out stay those of the base; a layer beyond the base is refused', async () => {
  const upper = makeAdapter([1]);
  const back = await readWith({ layers_to_transform: [1] }, upper);
  expect(back).toEqual(upper);
  checkAdapter(back, config);
  expect((await failure(() => checkAdapter(makeAdapter([1, 2]), config))).message).toContain(
    'changes layers.2.self_attn.q_proj, but this base has 2 layers',
  );
});

test('tensors that the configuration leaves out, which PEFT would not load, are refused', async () => {
  for (const change of [{ target_modules: ['q_proj'] }, { layers_to_transform: 0 }]) {
    const found = await failure(() => readWith(change));
    expect(found).toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('leave out') });
  }
});

test('weights that are not finite are refused by name', async () => {
  const adapter = makeAdapter();
  adapter.pairs.get('layers.1.mlp.down_proj')!.b[3] = Number.NaN;
  expect((await failure(() => checkAdapter(adapter, config))).message).toContain(
    'layers.1.mlp.down_proj is not finite',
  );
});
