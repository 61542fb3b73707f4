// Rewards, advantages and whitening against published vectors and their definitions.
import { expect, test } from 'vitest';
import {
  estimateAdvantages,
  groupNormalisedAdvantages,
  leaveOneOutAdvantages,
  shapeScore,
  tokenRewards,
  whiten,
} from '@/trainer/math/advantages';
import { tokenKl } from '@/trainer/math/kl';
import { expectClose, golden, LENGTHS, ragged } from './golden';

const { inputs, openrlhf, verl } = golden;
const options = { gamma: inputs.gamma, lambda: inputs.lam };
const kl = inputs.logprobs.map((row, i) => tokenKl(row, inputs.ref_logprobs[i]!));
const padded = tokenRewards(kl, inputs.score, inputs.kl_coef, inputs.mask);

test('the score goes to the last response token, and every token is charged for its divergence', () => {
  padded.forEach((row, i) => {
    expectClose(row, openrlhf.rewards[i]!);
  });
});

test('advantages and returns equal OpenRLHF, both with a mask and with ragged rows', () => {
  const masked = estimateAdvantages(padded, inputs.values, options, inputs.mask);
  const short = estimateAdvantages(
    tokenRewards(
      kl.map((row, i) => row.subarray(0, LENGTHS[i])),
      inputs.score,
      inputs.kl_coef,
    ),
    ragged(inputs.values),
    options,
  );
  masked.advantages.forEach((row, i) => {
    expectClose(row, openrlhf.advantages_raw[i]!);
    expect([...row.subarray(0, LENGTHS[i])]).toEqual([...short.advantages[i]!]);
  });
  masked.returns.forEach((row, i) => {
    expectClose(row, openrlhf.returns[i]!);
  });
});

test('whitening is biased by default (OpenRLHF) and unbiased on request (verl)', () => {
  const { advantages } = estimateAdvantages(padded, inputs.values, options, inputs.mask);
  whiten(advantages, {}, inputs.mask).forEach((row, i) => {
    expectClose(row, openrlhf.advantages_normed[i]!);
  });
  whiten(advantages, { unbiased: true }, inputs.mask).forEach((row, i) => {
    expectClose(row, verl.advantages[i]!);
  });
});

test('whitening without a shift keeps the mean', () => {
  // 1.2, 1.3, ... 2.0: mean 1.6.
  const rows = [0, 3, 6].map((from) => [0, 1, 2].map((j) => 1.2 + (from + j) / 10));
  whiten(rows, { shiftMean: false }).forEach((row, i) => {
    expectClose(row, golden.whiten_blog.biased_shiftfalse[i]!);
  });
  whiten(rows, { shiftMean: false, unbiased: true }).forEach((row, i) => {
    expectClose(row, golden.whiten_blog.trl_unbiased_shiftfalse[i]!);
  });
});

test("another speaker's turn is skipped: its value and reward change nothing (verl, several turns)", () => {
  const { rewards, values, mask, adv, returns } = golden.verl_multiturn_gae;
  const { advantages, returns: ours } = estimateAdvantages([rewards], [values], options, [mask]);
  expectClose(whiten(advantages, { unbiased: true }, [mask])[0]!, adv[0]!);
  expectClose(ours[0]!, returns[0]!);
  const other = estimateAdvantages([rewards], [values.map((v, t) => (mask[t] ? v : -3))], options, [mask]);
  expect(other.advantages[0]).toEqual(advantages[0]);
});

test('the backward recursion equals the sum of discounted errors that defines it', () => {
  const [rewards, values] = [
    [0.3, -0.2, 0.1, 1],
    [0.5, 0.2, -0.4, 0.6],
  ];
  const { gamma, lambda } = { gamma: 0.9, lambda: 0.8 };
  const delta = rewards!.map((r, t) => r + gamma * (values![t + 1] ?? 0) - values![t]!);
  const expected = delta.map((_, t) =>
    delta.slice(t).reduce((sum, error, k) => sum + (gamma * lambda) ** k * error, 0),
  );
  expectClose(estimateAdvantages([rewards!], [values!], { gamma, lambda }).advantages[0]!, expected, 1e-6);
});

test('a score is clipped, capped for degenerate answers and reduced for answers that do not end', () => {
  const shape = { scoreClip: 5, eosPenalty: 1, minWords: 3, degenerateScore: -2 };
  expect(shapeScore(7, { words: 10, ended: true }, shape)).toBe(5);
  expect(shapeScore(7, { words: 10, ended: false }, shape)).toBe(4);
  expect(shapeScore(7, { words: 2, ended: true }, shape)).toBe(-2);
  expect(shapeScore(-4, { words: 2, ended: true }, shape)).toBe(-4);
});

test('leave-one-out advantages equal RLOO for every prompt', () => {
  const { rewards_k_by_prompt: byCompletion, adv } = golden.rloo;
  byCompletion[0]!.forEach((_, prompt) => {
    const group = byCompletion.map((row) => row[prompt]!);
    expectClose(
      leaveOneOutAdvantages(group, 4),
      adv.map((row) => row[prompt]!),
    );
  });
  // Adjacent prompts do not mix.
  expectClose(leaveOneOutAdvantages([1, 3, 10, 10], 2), [-2, 2, 0, 0]);
});

test('scores are normalised within a group as in GRPO, and equal ones stay 0', () => {
  const { rewards, adv_std_unbiased_eps1e_4 } = golden.grpo;
  expectClose(groupNormalisedAdvantages([...rewards, 2, 2, 2, 2, 2], 5), [...adv_std_unbiased_eps1e_4, 0, 0, 0, 0, 0]);
});

test("rewards, advantages and returns equal TRL's, with the score one token after the answer as in TRL", () => {
  // TRL's second answer has 3 tokens and its score on the fourth, whose divergence is 0 and whose value counts.
  const longer = [5, 4];
  const cut = (rows: ArrayLike<number>[]) => rows.map((row, i) => Array.from(row).slice(0, longer[i]));
  const divergence = cut(kl).map((row, i) => row.map((x, t) => (inputs.mask[i]![t] ? x : 0)));
  const rewards = tokenRewards(divergence, inputs.score, inputs.kl_coef);
  const { advantages, returns } = estimateAdvantages(rewards, cut(inputs.values), options);
  const { trl } = golden;
  longer.forEach((length, i) => {
    expect(length - 1).toBe(trl.score_index[i]);
    expectClose(rewards[i]!, trl.rewards[i]!.slice(0, length));
    expectClose(advantages[i]!, trl.advantages_raw[i]!.slice(0, length));
    expectClose(returns[i]!, trl.returns[i]!.slice(0, length));
  });
  const completions = advantages.map((row, i) => row.slice(0, LENGTHS[i]));
  whiten(completions, { unbiased: true }).forEach((row, i) => {
    expectClose(row, trl.advantages_whitened[i]!.slice(0, LENGTHS[i]));
  });
});
