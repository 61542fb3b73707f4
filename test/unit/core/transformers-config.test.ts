// config.json of transformers 4 and 5 gives one description, and unsupported features are refused by file and field.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseTransformersConfig } from '@/core/formats/transformers-config';
import { FAMILIES, type Family, familyFolder } from '../../bases-support';
import { failure } from './files';

const read = (family: Family) => JSON.parse(readFileSync(join(familyFolder(family), 'config.json'), 'utf8'));
const parse = (raw: object) => parseTransformersConfig(raw, 'config.json');

describe('the format of transformers 4 gives the same configuration:', () => {
  test.each(FAMILIES)('%s', (family) => {
    const { rope_parameters: nested, layer_types, use_bidirectional_attention: _, ...rest } = read(family);
    const { rope_theta, rope_type, ...scaling } = nested.full_attention ?? nested;
    const old = {
      ...rest,
      rope_theta,
      rope_scaling:
        rope_type === 'default' ? null : { [family === 'linear' ? 'type' : 'rope_type']: rope_type, ...scaling },
      ...(family === 'gemma3' && { rope_local_base_freq: nested.sliding_attention.rope_theta }),
    };
    expect(parse(old)).toEqual(parse(read(family)));
  });
});

test('a window applies only to the layers that ask for it', () => {
  const raw = { ...read('qwen2'), layer_types: null, sliding_window: 8, max_window_layers: 1 };
  expect(parse(raw).slidingWindow).toBeNull();
  expect(parse({ ...raw, use_sliding_window: true }).slidingWindow).toMatchObject({ tokens: 8, layers: [1] });
  expect(parse({ ...read('mistral'), sliding_window: null }).slidingWindow).toBeNull();
  // Every sixth layer of a Gemma 3 sees the whole context.
  expect(parse({ ...read('gemma3'), layer_types: null }).slidingWindow?.layers).toEqual([0, 1, 2, 3, 4]);
});

test('llama3 scaling leaves fast frequencies, divides slow ones by the factor, and blends between', () => {
  const { ropeFactors } = parse(read('llama3'));
  // theta 5e5, 16 pairs, 32 positions: pair 0 turns 32 / 2 pi = 5.1 times, above 4; pair 2 turns 0.99 times, below 1.
  expect(ropeFactors![0]).toBe(1);
  expect(ropeFactors![2]).toBe(8);
  // Pair 1 turns 5.093 / 5e5 ** (1/16) = 2.243 times: smooth = 1.243 / 3 = 0.4143; 1 / (0.5857 / 8 + 0.4143) = 2.0513.
  expect(ropeFactors![1]).toBeCloseTo(2.0513, 3);
  expect(parse(read('linear')).ropeFactors).toEqual(new Array(8).fill(4));
});

test.each([
  ['llama3', { model_type: 'phi3' }, 'model_type "phi3"'],
  ['llama3', { model_type: 'toString' }, 'model_type "toString"'],
  ['llama3', { hidden_act: 'relu' }, 'activation "relu"'],
  ['llama3', { attention_bias: true }, 'attention_bias true'],
  ['llama3', { mlp_bias: true }, 'mlp_bias true'],
  ['llama3', { partial_rotary_factor: 0.5 }, 'partial_rotary_factor 0.5'],
  [
    'llama3',
    { rope_parameters: { rope_type: 'yarn', rope_theta: 1e4 } },
    'rope_parameters) scales its rotary embedding by "yarn"',
  ],
  ['llama3', { rope_parameters: { rope_theta: 1e4, partial_rotary_factor: 0.25 } }, 'partial_rotary_factor 0.25'],
  ['gemma3', { final_logit_softcapping: 30 }, 'final_logit_softcapping 30'],
  ['gemma3', { attn_logit_softcapping: 50 }, 'attn_logit_softcapping 50'],
  ['gemma3', { use_bidirectional_attention: true }, 'use_bidirectional_attention true'],
  ['mistral', { num_local_experts: 8 }, 'num_local_experts 8'],
  ['qwen3', { quantization_config: { bits: 4 } }, 'quantization_config'],
] as const)('%s with %j is refused', async (family, change, text) => {
  const found = await failure(() => parse({ ...read(family), ...change }));
  expect(found).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(text) });
  expect(found.message).toContain('config.json');
});

test('an unknown kind of layer and a scaling without its factor are corrupt', async () => {
  const layers = { ...read('qwen2'), layer_types: ['linear_attention', 'full_attention'] };
  expect(await failure(() => parse(layers))).toMatchObject({ code: 'CORRUPT' });
  const scaling = { ...read('linear'), rope_parameters: { rope_type: 'linear' } };
  expect(await failure(() => parse(scaling))).toMatchObject({ message: expect.stringContaining('factor') });
});
