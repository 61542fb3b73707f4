// Supervised fine-tuning on a tiny trunk: targets, the loss by its definition, batches, packing, resuming bit for bit.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Base } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import { loadBase } from '@/core/base/load-base';
import { SftConfig } from '@/core/config/sft';
import { Rng } from '@/core/rng';
import { TINY_END_OF_TURN, writeTinyLlama } from '@/test/tiny-llama';
import { startBackend, tf } from '@/trainer/backend';
import { type Demonstration, demonstrationOfCompletion } from '@/trainer/data/demonstrations';
import { loadBackbone } from '@/trainer/model/backbone';
import { completionLogprobs } from '@/trainer/model/logprobs';
import { createLora } from '@/trainer/model/lora';
import type { Backbone } from '@/trainer/model/types';
import type { Metrics } from '@/trainer/runs/store';
import { packDemonstrations, type SftState, splitDemonstrations, trainSft } from '@/trainer/supervised/sft';
import { runInterrupted } from './interrupted';
import { slowHidden, slowLogSoftmax } from './slow-llama';

let folder: string;
let base: Base;
let backbone: Backbone;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'attune-sft-'));
  await writeTinyLlama(join(folder, 'base'), { seed: 5 });
  base = await loadBase(join(folder, 'base'));
  backbone = loadBackbone(base);
});
afterAll(async () => {
  backbone?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const config = (changes: Partial<SftConfig> = {}) =>
  SftConfig.parse({
    lora: { rank: 4, alpha: 8 },
    learningRate: 1e-2,
    epochs: 3,
    batchExamples: 4,
    maxTokens: 128,
    evalShare: 0,
    ...changes,
  });

const say = (question: string, completion: string, weight = 1) => {
  const promptIds = Int32Array.from(base.renderPrompt([{ role: 'user', content: question }]));
  const completionIds = Int32Array.from([...base.tokenizer.encode(completion), endOfTurn(base)]);
  return [demonstrationOfCompletion({ promptIds, completionIds }, weight)];
};
const demonstrations = (): Demonstration[] =>
  ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'f'.repeat(6), 'g'.repeat(7), 'h'.repeat(8)].flatMap((text, i) =>
    say(text, text.toUpperCase(), 1 - i / 10),
  );

async function train(rows: Demonstration[], changes: Partial<SftConfig> = {}, extra: object = {}) {
  const policy = createLora(backbone.config, { rank: 4, alpha: 8, rng: new Rng(1) });
  const log: Metrics[] = [];
  try {
    const result = await trainSft({
      backbone,
      policy,
      demonstrations: rows,
      config: config(changes),
      signal: new AbortController().signal,
      onMetrics: (_stage, _step, metrics) => log.push(metrics),
      checkpoints: null,
      ...extra,
    });
    return { ...result, log };
  } finally {
    policy.dispose();
  }
}

test('only the assistant’s tokens are learnt, and the token that ends the turn is one of them', () => {
  const [row] = say('Hi', 'Yes');
  const learnt = [...row!.ids].filter((_, t) => row!.isTarget[t]);
  expect(base.tokenizer.decode(learnt)).toBe('Yes<|im_end|>');
  expect(base.tokenizer.decode([...row!.ids])).toBe(
    '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>',
  );
  expect(endOfTurn(base)).toBe(TINY_END_OF_TURN);
  const { positions } = packDemonstrations([row!]);
  expect([...positions.target].filter((id) => id === TINY_END_OF_TURN)).toHaveLength(1);
});

test('the text of a special token in an answer stays text', () => {
  const [row] = say('Hi', 'a<|im_end|>b');
  expect([...row!.ids].filter((id) => id === TINY_END_OF_TURN)).toHaveLength(2); // the user's turn and the answer's end
});

test('a row that is too long loses its start and keeps its end; rows without a target are left out', () => {
  const long = say('x'.repeat(60), 'Yes');
  const { train } = splitDemonstrations(long, { evalShare: 0, seed: 1, maxTokens: 10 });
  expect(base.tokenizer.decode([...train[0]!.ids])).toBe('stant\nYes<|im_end|>'); // 10 tokens, one per plain byte
  const empty = demonstrationOfCompletion({ promptIds: Int32Array.of(1, 2), completionIds: new Int32Array(0) }, 1);
  expect(splitDemonstrations([empty], { evalShare: 0, seed: 1, maxTokens: 10 }).train).toEqual([]);
});

test('the first loss, entropy and accuracy are weighted means over the targets, by the definition', async () => {
  const rows = demonstrations();
  const { log } = await train(rows, { batchExamples: 8, epochs: 1 });
  const sum = { weight: 0, loss: 0, entropy: 0, right: 0 };
  for (const { ids, isTarget, weight } of rows) {
    const hidden = slowHidden(base.weights, ids, null);
    for (let t = 1; t < ids.length; t++) {
      if (!isTarget[t]) continue;
      const logprobs = slowLogSoftmax(base.weights, hidden[t - 1]!, 1);
      sum.weight += weight;
      sum.loss -= weight * logprobs[ids[t]!]!;
      sum.entropy -= weight * logprobs.reduce((total, logp) => total + Math.exp(logp) * logp, 0);
      if (logprobs[ids[t]!] === Math.max(...logprobs)) sum.right += weight;
    }
  }
  expect(log[0]!.loss).toBeCloseTo(sum.loss / sum.weight, 4);
  expect(log[0]!.entropy).toBeCloseTo(sum.entropy / sum.weight, 4);
  expect(log[0]!.mean_token_accuracy).toBeCloseTo(sum.right / sum.weight, 5);
  expect(log[0]!.num_tokens).toBe(rows.reduce((total, { ids }) => total + ids.length, 0));
});

test('packed rows give every target the log-probability that it has in a separate row', () => {
  const policy = createLora(backbone.config, { rank: 4, alpha: 8, rng: new Rng(1) });
  const adapter = policy.toAdapter();
  const rng = new Rng(2);
  for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
  policy.assign(adapter);
  const rows = [...demonstrations(), ...say('long '.repeat(9), 'It is.')];
  const score = (own: Demonstration[]) => {
    const { batch, positions } = packDemonstrations(own);
    const { logprobs } = tf.tidy(() => completionLogprobs(backbone, backbone.hidden(batch, policy), positions));
    return { logprobs, rows: batch.ids.length, order: batch.segments! };
  };
  const packed = score(rows);
  expect(packed.rows).toBeLessThan(rows.length);
  const alone = new Map(rows.map((row) => [row.ids.length, [...score([row]).logprobs]]));
  const expected = packed.order.flat().flatMap(({ length }) => alone.get(length)!);
  expect(packed.logprobs).toHaveLength(expected.length);
  for (const [i, logprob] of expected.entries()) expect(Math.abs(packed.logprobs[i]! - logprob)).toBeLessThan(3e-6);
  policy.dispose();
});

test('micro-batches of any size give the same training', async () => {
  const whole = await train(demonstrations(), { microBatchTokens: 4096 });
  const single = await train(demonstrations(), { microBatchTokens: 1 });
  expect(single.log.map(({ loss }) => loss)).toHaveLength(whole.log.length);
  for (const [i, { loss }] of whole.log.entries()) expect(single.log[i]!.loss).toBeCloseTo(loss!, 4);
});

test('the answers are learnt, including their ends, and no tensor is left behind', async () => {
  const before = tf.memory().numTensors;
  const rows = ['a', 'bb', 'ccc', 'd'].flatMap((text) => say(text, text < 'c' ? 'OK' : 'no'));
  const { log } = await train(rows, { epochs: 50, batchExamples: 2 });
  // It starts at log 288 = 5.66; the tiny base's logits are at most |h| |e| = 8 * 0.8 = 6.4, so about 0.4 remains.
  expect(log.at(-1)!.loss).toBeLessThan(0.8);
  expect(log.at(-1)!.mean_token_accuracy).toBeCloseTo(1, 9);
  expect(tf.memory().numTensors).toBe(before);
});

test('the step size rises over the warm-up and falls along a cosine to a tenth', async () => {
  const { log } = await train(demonstrations(), { epochs: 10, warmupShare: 0.2, learningRate: 1e-3 });
  const rates = log.map(({ learning_rate }) => learning_rate!);
  expect(rates).toHaveLength(20); // 8 rows in batches of 4, 10 epochs; 4 steps of warm-up
  expect(rates[0]).toBeCloseTo(0.25e-3, 10);
  expect(rates[4]).toBeCloseTo(1e-3, 10);
  expect(rates[12]).toBeCloseTo(0.55e-3, 10); // half way down: (1 + 0.1) / 2
});

test('a training that is interrupted and resumed equals one that is not, bit for bit', async () => {
  const changes = { epochs: 4, checkpointEverySteps: 2, evalShare: 0.25 };
  const expected = await train(demonstrations(), changes);
  const stage = { directory: join(folder, 'run'), stage: 'sft' };
  const { result: finished, runs } = await runInterrupted<SftState, Awaited<ReturnType<typeof train>>>(
    stage,
    (interrupted) => train(demonstrations(), changes, interrupted),
  );
  expect(runs).toBeGreaterThan(2);
  expect(finished.adapter).toEqual(expected.adapter);
  expect(finished.metrics).toEqual(expected.metrics);
  expect(expected.metrics.eval_examples).toBe(2);
});

test('without any demonstration the error says what is missing', async () => {
  await expect(train([])).rejects.toThrow(/no demonstration to learn from/);
});
