// Runs Attune's side of bench/parity.ts: data and init from a seed, and the trainer's own steps on them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter } from '@/core/artifact/adapter';
import type { Base } from '@/core/base/base';
import { PpoConfig } from '@/core/config/policy';
import { Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { bradleyTerryLoss } from '@/trainer/math/loss/score';
import { createScalarHead } from '@/trainer/model/heads';
import { completionLogprobsWithGradient, crossEntropy } from '@/trainer/model/logprobs';
import { createLora, loraFromAdapter } from '@/trainer/model/lora';
import { AdamW, clipByGlobalNorm, disposeGradients, learningRateAt } from '@/trainer/model/optim';
import { packCompletions } from '@/trainer/model/packing';
import type { Backbone } from '@/trainer/model/types';
import { ppo } from '@/trainer/policy/algorithms/ppo';
import type { Experience } from '@/trainer/policy/experience';
import { scoreCompletions, splitByLength } from '@/trainer/sampling/completion-logprobs';

interface Completions {
  prompts: number[][];
  completions: number[][];
}

interface Optimisation {
  epsilon: number;
  weightDecay: number;
  learningRates: number[];
}

export interface ParityInput {
  sft: Optimisation & { batches: Completions[] };
  reward: Optimisation & {
    batches: { prompt: number[]; chosen: number[]; rejected: number[]; margin: number }[][];
    headWeight: number[];
    headScale: number;
    centering: number;
  };
  ppo: {
    iterations: (Completions & { scores: number[]; minibatches: number[][] })[];
    epsilon: number;
    learningRate: number;
    valueLearningRate: number;
    klCoefficient: number;
    lambda: number;
    clip: number;
    valueClip: number;
  };
  test: Completions;
}

const STEPS = 50;
const ITERATIONS = 5;
const LORA = { rank: 16, alpha: 32 };

const row = (ids: readonly number[]) => Int32Array.from(ids);

/** Ragged rows of ordinary text: up to 4 x 64 tokens per step. */
export function makeParityInput(base: Base, seed: number): { input: ParityInput; init: Adapter } {
  const ids = base.tokenizer.encode(readFileSync(join(import.meta.dirname, 'text.txt'), 'utf8'));
  const rng = new Rng(seed);
  const between = (low: number, high: number) => low + rng.integer(high - low + 1);
  const cut = (length: number) => {
    const from = rng.integer(ids.length - length);
    return Array.from(ids.slice(from, from + length));
  };
  const times = <T>(n: number, make: () => T) => Array.from({ length: n }, make);
  const completions = (n: number): Completions => {
    const prompts = times(n, () => cut(between(8, 24)));
    return { prompts, completions: times(n, () => cut(between(16, 40))) };
  };
  const rates = (lr: number) =>
    times(STEPS, () => 0).map((_, step) =>
      learningRateAt({ kind: 'cosine', lr, warmupSteps: 5, totalSteps: STEPS, finalRatio: 0.1 }, step),
    );
  const lora = createLora(base.weights.config, { ...LORA, rng });
  const init = lora.toAdapter();
  lora.dispose();
  const { hiddenSize } = base.weights.config;
  return {
    init,
    input: {
      sft: {
        epsilon: 1e-8,
        weightDecay: 0.01,
        learningRates: rates(3e-4),
        batches: times(STEPS, () => completions(4)),
      },
      reward: {
        epsilon: 1e-8,
        weightDecay: 0.01,
        learningRates: rates(1.5e-4),
        headScale: 4,
        centering: 0.01,
        headWeight: times(hiddenSize, () => Math.fround(rng.normal() / Math.sqrt(hiddenSize + 1))),
        batches: times(STEPS, () =>
          times(4, () => ({
            prompt: cut(between(8, 24)),
            chosen: cut(between(16, 40)),
            rejected: cut(between(16, 40)),
            margin: rng.uniform(),
          })),
        ),
      },
      ppo: {
        epsilon: 1e-5,
        learningRate: 3e-4,
        valueLearningRate: 1e-3,
        klCoefficient: 0.05,
        lambda: 0.95,
        clip: 0.2,
        valueClip: 0.5,
        iterations: times(ITERATIONS, () => ({
          ...completions(8),
          scores: times(8, () => rng.normal()),
          minibatches: times(2, () => rng.shuffle([0, 1, 2, 3, 4, 5, 6, 7])).flatMap((all) => [
            all.slice(0, 4),
            all.slice(4),
          ]),
        })),
      },
      test: completions(8),
    },
  };
}

export function trainSftHere(backbone: Backbone, init: Adapter, config: ParityInput['sft']) {
  const lora = loraFromAdapter(backbone.config, init, new Rng(0));
  const optimiser = new AdamW(config);
  const losses = config.batches.map(({ prompts, completions }, i) => {
    const { batch, positions } = packCompletions(
      prompts.map((prompt, j) => ({ promptIds: row(prompt), completions: [row(completions[j]!)] })),
    );
    const { loss, gradients } = backbone.backward(batch, lora, (hidden) =>
      completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => crossEntropy(logprobs)),
    );
    clipByGlobalNorm(gradients, 1);
    optimiser.step(lora.variables, gradients, config.learningRates[i]!);
    disposeGradients(gradients);
    return loss;
  });
  const adapter = lora.toAdapter();
  lora.dispose();
  optimiser.dispose();
  return { losses, adapter };
}

export function trainRewardHere(backbone: Backbone, init: Adapter, config: ParityInput['reward']) {
  const lora = loraFromAdapter(backbone.config, init, new Rng(0));
  const { hiddenSize } = backbone.config;
  const head = createScalarHead({ name: 'reward', hiddenSize, init: 'zero', rng: new Rng(0) });
  tf.tidy(() => head.variables.get('reward.weight')!.assign(tf.tensor1d(config.headWeight)));
  const variables = new Map([...lora.variables, ...head.variables]);
  const optimiser = new AdamW(config);
  const losses = config.batches.map((pairs, i) => {
    const { batch, last } = packCompletions(
      pairs.map(({ prompt, chosen, rejected }) => ({
        promptIds: row(prompt),
        completions: [row(chosen), row(rejected)],
      })),
    );
    const comparisons = pairs.map(({ margin }) => ({ outcome: 'chosen' as const, margin, weight: 1 }));
    const { loss, gradients } = backbone.backward(batch, lora, (hidden) =>
      head.loss(hidden, last, (scores) => {
        const { loss, gradient } = bradleyTerryLoss(scores, comparisons, { centering: config.centering });
        return { loss, dValues: gradient };
      }),
    );
    clipByGlobalNorm(gradients, 1);
    const rate = config.learningRates[i]!;
    optimiser.step(variables, gradients, (name) => (name.startsWith('reward.') ? rate * config.headScale : rate));
    disposeGradients(gradients);
    return loss;
  });
  lora.dispose();
  head.dispose();
  optimiser.dispose();
  return { losses };
}

/** Answers and scores are given; each side computes log-probs, values and everything that follows from them. */
export function trainPpoHere(backbone: Backbone, init: Adapter, given: ParityInput['ppo']) {
  const config = PpoConfig.parse({
    ...given,
    iterations: given.iterations.length,
    adamEpsilon: given.epsilon,
    dualClip: null,
    approxKlStop: 1e9,
    minibatch: 4,
    epochs: 2,
  });
  const lora = loraFromAdapter(backbone.config, init, new Rng(0));
  const { hiddenSize } = backbone.config;
  const valueHead = createScalarHead({ name: 'value', hiddenSize, init: 'zero', layerNorm: true, rng: new Rng(0) });
  const variables = new Map([...lora.variables, ...valueHead.variables]);
  const learner = { backbone, policy: lora, valueHead, variables, optimiser: new AdamW({ epsilon: given.epsilon }) };
  const algorithm = ppo(config);
  const policyLosses: number[] = [];
  const valueLosses: number[] = [];
  for (const [i, iteration] of given.iterations.entries()) {
    const experience = experienceOf(learner, iteration, config.microBatchTokens);
    const signal = algorithm.learn(experience, config.klCoefficient);
    for (const rows of iteration.minibatches) {
      const { sums } = algorithm.step({
        learner,
        experience,
        signal,
        rows,
        iteration: i,
        klCoefficient: config.klCoefficient,
        learningRate: config.learningRate,
        demonstrations: () => [],
        check: () => {},
      });
      policyLosses.push(sums.policyLoss);
      valueLosses.push(sums.valueLoss);
    }
  }
  lora.dispose();
  valueHead.dispose();
  learner.optimiser.dispose();
  return { policyLosses, valueLosses };
}

function experienceOf(
  {
    backbone,
    policy,
    valueHead,
  }: { backbone: Backbone; policy: ReturnType<typeof loraFromAdapter>; valueHead: ReturnType<typeof createScalarHead> },
  { prompts, completions, scores }: ParityInput['ppo']['iterations'][number],
  microBatchTokens: number,
): Experience {
  const all = prompts.map((prompt, i) => ({ promptIds: row(prompt), completionIds: row(completions[i]!) }));
  const values: Float32Array[] = new Array(all.length);
  const own = scoreCompletions(backbone, policy, all, microBatchTokens, (hidden, positions, rows) => {
    const lengths = rows.map((i) => all[i]!.completionIds.length);
    splitByLength(valueHead.values(hidden, positions), lengths).forEach((of, j) => {
      values[rows[j]!] = of;
    });
  });
  const { logprobs: referenceLogprobs } = scoreCompletions(backbone, null, all, microBatchTokens);
  return {
    promptIds: all.map(({ promptIds }) => promptIds),
    completionIds: all.map(({ completionIds }) => completionIds),
    staleness: new Float32Array(all.length),
    rewardScores: Float32Array.from(scores),
    scores: Float32Array.from(scores),
    costs: new Map(),
    engineLogprobs: own.logprobs,
    logprobs: own.logprobs,
    entropy: own.entropy,
    referenceLogprobs,
    values,
  };
}
