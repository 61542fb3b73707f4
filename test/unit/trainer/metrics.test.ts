// The figures of an experience against TRL's definitions, with masked means where TRL includes padding.
import { expect, test } from 'vitest';
import { tokenKl } from '@/trainer/math/kl';
import type { Experience } from '@/trainer/policy/experience';
import { experienceMetrics, groupMetrics, klPerSequence } from '@/trainer/policy/metrics';
import { NO_UPDATE, updateMetrics } from '@/trainer/policy/update-sums';
import { golden, LENGTHS, ragged } from './golden';

const { inputs, trl } = golden;
const floats = (rows: number[][]) => ragged(rows).map((row) => Float32Array.from(row));
const END = 9;

const experience: Experience = {
  promptIds: LENGTHS.map(() => Int32Array.of(1, 2)),
  completionIds: [Int32Array.of(3, 3, 3, 3, 3), Int32Array.of(3, 3, END)],
  staleness: new Float32Array(2),
  rewardScores: Float32Array.from(inputs.score),
  scores: Float32Array.from(inputs.score),
  costs: new Map(),
  engineLogprobs: floats(inputs.rollout_logprobs_engine),
  logprobs: floats(inputs.logprobs),
  referenceLogprobs: floats(inputs.ref_logprobs),
  entropy: floats(inputs.logprobs),
  values: floats(inputs.values),
};
const context = {
  klCoefficient: inputs.kl_coef,
  cap: 5,
  endIds: [END],
  penalty: experience.logprobs.map((row, i) => tokenKl(row, experience.referenceLogprobs[i]!)),
};

test('kl and rlhf_reward equal TRL’s; its entropy is 1 lower for each token of padding, ours is not', () => {
  const metrics = experienceMetrics(experience, context);
  expect(metrics['objective/kl']).toBeCloseTo(trl.kl_mean, 5);
  expect(metrics['objective/rlhf_reward']).toBeCloseTo(trl.rlhf_reward, 5);
  // One of the two answers has two tokens of padding with log-prob 1.
  expect(metrics['objective/entropy']).toBeCloseTo(trl.entropy_proxy + 2 / 2, 5);
});

test('lengths, ends and the correlation of length with the score are reported', () => {
  const metrics = experienceMetrics(experience, context);
  expect(metrics).toMatchObject({
    'response_length/mean': 4,
    'response_length/min': 3,
    'response_length/p50': 5,
    'response_length/max': 5,
    'response_length/clip_ratio': 0.5,
    'completions/mean_terminated_length': 3,
    'val/num_eos_tokens': 1,
  });
  expect(metrics['response_length/score_correlation']).toBeCloseTo(1, 6);
});

test('the sampler’s differences are raw: no bound hides a token that is e^0.9 times as likely', () => {
  const metrics = experienceMetrics(experience, context);
  // -0.1 - (-1.0) is the largest difference, -2.0 - (-1.5) the lowest.
  expect(metrics['sampling/importance_sampling_ratio/max']).toBeCloseTo(Math.exp(0.9), 4);
  expect(metrics['sampling/importance_sampling_ratio/min']).toBeCloseTo(Math.exp(-0.5), 4);
  expect(metrics['sampling/sampling_logp_difference/max']).toBeCloseTo(0.9, 5);
});

test('answers of an older policy count only in the figures about the sampler', () => {
  const mixed = { ...experience, staleness: Float32Array.of(0, 2) };
  const metrics = experienceMetrics(mixed, context);
  // Only the first answer: 0.1 - 0.1 + 0.3 - 0.1 + 0.1.
  expect(klPerSequence(mixed)).toBeCloseTo(0.3, 5);
  expect(metrics).toMatchObject({ 'objective/scores': 1, 'stored/answers': 1, 'stored/staleness_max': 2 });
});

test('the figures of groups are the mean deviation within a prompt and the share of flat prompts', () => {
  // The deviations within the prompts are sqrt(2) and 0.
  const metrics = groupMetrics([1, 3, 5, 5], 2);
  expect(metrics.reward).toBe(3.5);
  expect(metrics.reward_std).toBeCloseTo(Math.SQRT2 / 2, 10);
  expect(metrics.frac_reward_zero_std).toBe(0.5);
});

test('means are over tokens and steps; figures that an algorithm does not have are left out', () => {
  const sums = {
    ...NO_UPDATE,
    steps: 2,
    tokens: 10,
    policyLoss: 3,
    ratio: 11,
    ratioSquared: 13,
    clippedLow: 1,
    clippedHigh: 2,
  };
  const metrics = updateMetrics(sums);
  expect(metrics).toMatchObject({ 'loss/policy_avg': 1.5, 'policy/clipfrac_avg': 0.3, 'clip_ratio/low_mean': 0.1 });
  expect(metrics['val/ratio']).toBeCloseTo(1.1, 10);
  expect(metrics['val/ratio_var']).toBeCloseTo(1.3 - 1.21, 10);
  expect(Object.keys(metrics)).not.toContain('loss/value_avg');
  expect(Object.keys(updateMetrics(NO_UPDATE))).not.toContain('val/ratio');
});
