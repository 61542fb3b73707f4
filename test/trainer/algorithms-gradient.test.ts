// The gradient of a policy step's whole loss, all terms through the trunk, against central differences of its value.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '@/core/rng';
import { startBackend, tf, type Variable } from '@/trainer/backend';
import { clippedPolicyLoss } from '@/trainer/math/loss/policy';
import { loadBackbone } from '@/trainer/model/backbone';
import { createScalarHead } from '@/trainer/model/heads';
import { AdamW } from '@/trainer/model/optim';
import type { Backbone, Lora, NamedGradients } from '@/trainer/model/types';
import type { Experience } from '@/trainer/policy/experience';
import { criticSignal } from '@/trainer/policy/learning-signal';
import { stepOnMinibatch } from '@/trainer/policy/step';
import { scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { tinyWeights } from './algorithms-support';
import { newPolicy, PROMPTS, sampleCompletions, taskConfig } from './policy-task';

let backbone: Backbone;
let policy: Lora;
beforeAll(async () => {
  await startBackend();
  backbone = loadBackbone({ weights: tinyWeights(7) });
  policy = newPolicy();
});
afterAll(() => {
  policy.dispose();
  backbone.dispose();
});

const rng = new Rng(29);
const noisy = (variable: Variable, size: number) =>
  tf.tidy(() =>
    variable.assign(
      tf.add(
        variable,
        tf.tensor(
          Float32Array.from({ length: variable.size }, () => size * rng.normal()),
          variable.shape,
        ),
      ),
    ),
  );

/** An optimiser that keeps the gradients it is given instead of stepping. */
class Recorder extends AdamW {
  seen = new Map<string, Float32Array>();
  override step(_variables: unknown, gradients: NamedGradients): void {
    for (const [name, gradient] of gradients) this.seen.set(name, gradient.dataSync().slice() as Float32Array);
  }
}

test('policy, divergence, entropy, demonstration and value terms have the gradient of their sum, for A, B and the head', () => {
  const completions = sampleCompletions(backbone, null, PROMPTS.slice(0, 6), [1, 2, 3, 4, 5, 6]).map(({ ids }, i) => ({
    promptIds: PROMPTS[i]!,
    completionIds: Int32Array.from(ids),
  }));
  const head = createScalarHead({ name: 'value', hiddenSize: 32, init: 'normal', layerNorm: true, rng: new Rng(4) });
  for (const [name, variable] of policy.variables) noisy(variable, name.endsWith('B') ? 0.05 : 0.02);
  const reference = scoreCompletions(backbone, null, completions, 512);
  const old = scoreCompletions(backbone, policy, completions, 512);
  const rows = completions.map((_, i) => i);
  const experience: Experience = {
    promptIds: completions.map(({ promptIds }) => promptIds),
    completionIds: completions.map(({ completionIds }) => completionIds),
    staleness: new Float32Array(6),
    rewardScores: Float32Array.of(1, 0, 2, -1, 0.5, 3),
    scores: Float32Array.of(1, 0, 2, -1, 0.5, 3),
    costs: new Map(),
    engineLogprobs: old.logprobs.map((row) => row.map((x, t) => x + (t % 3) / 10)),
    logprobs: old.logprobs,
    referenceLogprobs: reference.logprobs,
    entropy: old.entropy,
    values: completions.map(({ completionIds }) => new Float32Array(completionIds.length).fill(0.3)),
  };
  const config = taskConfig('ppo', {
    klIn: 'loss',
    klEstimator: 'k3',
    entropyCoefficient: 0.2,
    demonstrationCoefficient: 0.3,
    maxGradNorm: 1e9,
    // Away from kinks: no ratio is near a clip, and no value is near the bounds around its old value.
    clip: 0.9,
    dualClip: null,
    valueClip: null,
    aggregation: 'seq-mean-token-mean',
  });
  const signal = criticSignal(experience, { klEstimator: 'k3', rewardCoefficient: 0 }, config);
  // The ratio differs from 1 where the gradient is taken.
  for (const variable of policy.variables.values()) noisy(variable, 0.01);
  const optimiser = new Recorder();
  const variables = new Map([...policy.variables, ...head.variables]);
  const step = () => {
    let total = 0;
    const spied: Backbone = {
      ...backbone,
      backward(batch, lora, loss) {
        const result = backbone.backward(batch, lora, loss);
        total += result.loss;
        return result;
      },
    };
    const { sums } = stepOnMinibatch(
      { backbone: spied, policy, valueHead: head, variables, optimiser },
      config,
      experience,
      signal,
      rows,
      {
        policyLoss: (tokens) => clippedPolicyLoss({ ...tokens, clip: config.clip, dualClip: null, normaliser: 1 }),
        valueClip: null,
        approxKlStop: null,
        klCoefficient: 0.5,
        learningRate: 1,
        check: () => {},
        demonstrations: [{ promptIds: PROMPTS[7]!, completionIds: Int32Array.of(20, 3, 1) }],
      },
    );
    return { policy: total - sums.valueLoss, value: sums.valueLoss };
  };
  step();
  const gradients = new Map(optimiser.seen);
  expect(gradients.size).toBe(variables.size);

  for (const [name, variable] of variables) {
    const gradient = gradients.get(name)!;
    const values = variable.dataSync().slice() as Float32Array;
    // Along a random direction plus the gradient's direction, so that the slope is not lost in rounding.
    const length = Math.sqrt(gradient.reduce((sum, x) => sum + x * x, 0)) || 1;
    const direction = gradient.map((x) => x / length + (0.3 * rng.normal()) / Math.sqrt(gradient.length));
    const size = 2e-2;
    const at = (sign: number) => {
      tf.tidy(() =>
        variable.assign(
          tf.tensor(
            values.map((x, i) => x + sign * size * direction[i]!),
            variable.shape,
          ),
        ),
      );
      return step()[head.variables.has(name) ? 'value' : 'policy']; // the value function must not move the trunk
    };
    const slope = (at(1) - at(-1)) / (2 * size);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    const expected = gradient.reduce((sum, x, i) => sum + x * direction[i]!, 0);
    expect(Math.abs(slope - expected), `${name}: ${expected} for ${slope}`).toBeLessThan(2e-4 + 0.02 * Math.abs(slope));
  }
  head.dispose();
});
