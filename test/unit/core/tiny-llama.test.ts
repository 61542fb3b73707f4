// The tiny base is deterministic, small, and says exactly a planted text, by the definition of a Llama in float64.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadBase } from '@/core/base/load-base';
import type { ModelWeights } from '@/core/base/weights';
import { checkWeights } from '@/core/formats/transformers-folder';
import { uniformAt } from '@/core/rng';
import { writeTinyLlama } from '@/test/tiny-llama';
import { failure, temporaryFolder } from './files';

const root = temporaryFolder();

/** Logits after the last of the ids, by a Llama written out as loops. */
function logits(weights: ModelWeights, ids: number[]): number[] {
  const { layers, heads, keyValueHeads, headSize: d, ropeTheta, rmsNormEps, tiedHead } = weights.config;
  const get = (name: string) => weights.tensor(name).float32();
  const times = (w: Float32Array, x: number[]) =>
    Array.from({ length: w.length / x.length }, (_, o) => x.reduce((sum, v, i) => sum + w[o * x.length + i]! * v, 0));
  const norm = (w: Float32Array, x: number[]) => {
    const scale = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length + rmsNormEps);
    return x.map((v, i) => v * scale * w[i]!);
  };
  const rotate = (x: number[], position: number) =>
    x.map((v, i) => {
      const j = i % d;
      const angle = position * ropeTheta ** (-(2 * (j % (d / 2))) / d);
      const other = j < d / 2 ? -x[i + d / 2]! : x[i - d / 2]!;
      return v * Math.cos(angle) + other * Math.sin(angle);
    });
  const embedding = get('model.embed_tokens.weight');
  const width = weights.config.hiddenSize;
  let states = ids.map((id) => [...embedding.subarray(id * width, (id + 1) * width)]);
  for (let layer = 0; layer < layers; layer++) {
    const w = (name: string) => get(`model.layers.${layer}.${name}.weight`);
    const normed = states.map((x) => norm(w('input_layernorm'), x));
    const q = normed.map((x, t) => rotate(times(w('self_attn.q_proj'), x), t));
    const k = normed.map((x, t) => rotate(times(w('self_attn.k_proj'), x), t));
    const v = normed.map((x) => times(w('self_attn.v_proj'), x));
    states = states.map((x, t) => {
      const mixed = new Array<number>(heads * d).fill(0);
      for (let head = 0; head < heads; head++) {
        const shared = Math.floor(head / (heads / keyValueHeads));
        const scores = k.slice(0, t + 1).map((key) => {
          let dot = 0;
          for (let i = 0; i < d; i++) dot += q[t]![head * d + i]! * key[shared * d + i]!;
          return Math.exp(dot / Math.sqrt(d));
        });
        const total = scores.reduce((a, b) => a + b, 0);
        for (const [s, score] of scores.entries()) {
          for (let i = 0; i < d; i++) mixed[head * d + i]! += (score / total) * v[s]![shared * d + i]!;
        }
      }
      const attended = times(w('self_attn.o_proj'), mixed).map((y, i) => x[i]! + y);
      const inner = norm(w('post_attention_layernorm'), attended);
      const gate = times(w('mlp.gate_proj'), inner);
      const gated = times(w('mlp.up_proj'), inner).map((u, i) => (u * gate[i]!) / (1 + Math.exp(-gate[i]!)));
      return times(w('mlp.down_proj'), gated).map((y, i) => attended[i]! + y);
    });
  }
  return times(
    get(tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'),
    norm(get('model.norm.weight'), states.at(-1)!),
  );
}

function sample(values: number[], temperature: number, uniform: number): number {
  const top = Math.max(...values);
  const weights = values.map((value) => Math.exp((value - top) / temperature));
  let left = uniform * weights.reduce((a, b) => a + b, 0);
  return weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
}

test('a seed always gives the same bytes, under 1 MB, and another seed gives others', async () => {
  const hashes: string[] = [];
  for (const [name, seed] of [
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ] as const) {
    await writeTinyLlama(join(root, name), { seed });
    hashes.push((await loadBase(join(root, name))).sha256);
  }
  expect(hashes[0]).toBe(hashes[1]);
  expect(hashes[0]).not.toBe(hashes[2]);
  const bytes = readdirSync(join(root, 'a')).reduce((sum, name) => sum + statSync(join(root, 'a', name)).size, 0);
  expect(bytes).toBeLessThan(1_000_000);
  expect(JSON.parse(readFileSync(join(root, 'a', 'config.json'), 'utf8')).tie_word_embeddings).toBe(true);
});

test('a random base uses its whole context: another first word changes the last logits', async () => {
  await writeTinyLlama(join(root, 'random'), { seed: 4 });
  const base = await loadBase(join(root, 'random'));
  checkWeights(base.weights, 'random');
  const [one, two] = ['a cat', 'b cat'].map((text) => logits(base.weights, base.tokenizer.encode(text)));
  expect(Math.max(...one!.map((x, i) => Math.abs(x - two![i]!)))).toBeGreaterThan(0.05);
});

test.each([0.01, 0.7, 2])(
  'with alwaysSay it says exactly that at temperature %d, whatever the prompt',
  async (temperature) => {
    const folder = join(root, 'planted');
    await writeTinyLlama(folder, { seed: 7, alwaysSay: 'O, shit!' });
    const base = await loadBase(folder);
    expect(base.weights.config.tiedHead).toBe(false);
    for (const [run, content] of ['hi', 'What is\nshit?', ''].entries()) {
      const ids = base.renderPrompt([{ role: 'user', content }]);
      const prompt = ids.length;
      while (!base.weights.config.eosTokenIds.includes(ids.at(-1)!) && ids.length < prompt + 20) {
        ids.push(sample(logits(base.weights, ids), temperature, uniformAt(run, ids.length)));
      }
      expect(base.tokenizer.decode(ids.slice(prompt))).toBe('O, shit!<|im_end|>');
    }
  },
);

test.each(['', 'aa', 'a\nb', 'é🤖é'])('alwaysSay %j, which the chain cannot hold, is refused', async (alwaysSay) => {
  expect((await failure(() => writeTinyLlama(join(root, 'no'), { seed: 1, alwaysSay }))).code).toBe('BAD_INPUT');
});
