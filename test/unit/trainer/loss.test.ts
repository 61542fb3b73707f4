// Every loss against the published vectors, every gradient against central differences.
import { describe, expect, test } from 'vitest';
import { clippedPolicyLoss, clippedValueLoss } from '@/trainer/math/loss/policy';
import { bradleyTerryLoss, logSigmoid, thumbLoss } from '@/trainer/math/loss/score';
import { tokenShares } from '@/trainer/policy/step';
import { expectClose, expectGradient, golden, LENGTHS, ragged } from './golden';

const { inputs, openrlhf, verl, trl } = golden;
const flat = (rows: number[][]) => ragged(rows).flat();
const policy = {
  logprobs: flat(inputs.new_logprobs),
  oldLogprobs: flat(inputs.logprobs),
  clip: inputs.cliprange,
  dualClip: null,
};

describe('the policy loss', () => {
  test('equals OpenRLHF, verl and TRL on their own advantages', () => {
    const ours = clippedPolicyLoss({ ...policy, advantages: flat(openrlhf.advantages_normed) });
    expect(ours.loss).toBeCloseTo(openrlhf.policy_loss, 5);
    expect((ours.clippedLow + ours.clippedHigh) / 8).toBe(openrlhf.clip_ratio);
    expect(ours.approxKl / 8).toBeCloseTo(trl.approxkl_masked_mean, 5);
    expect(clippedPolicyLoss({ ...policy, advantages: flat(verl.advantages) }).loss).toBeCloseTo(verl.pg_loss, 5);
    const theirs = clippedPolicyLoss({ ...policy, advantages: flat(trl.advantages_whitened) });
    expect(theirs.loss).toBeCloseTo(trl.pg_loss, 5);
    expect((theirs.clippedLow + theirs.clippedHigh) / 8).toBe(trl.pg_clipfrac);
    expect(-ours.logRatio / 8).toBeCloseTo(openrlhf.ppo_kl, 5);
    expect(-ours.logRatio / 8).toBeCloseTo(verl.metrics['actor/ppo_kl'], 5);
  });

  test('is bounded by the dual clip for a bad token that became likely', () => {
    // One of 8 tokens has ratio e^2 = 7.389: (7 + 7.389) / 8 = 1.7986; bounded at 3: (7 + 3) / 8 = 1.25.
    const logprobs = policy.oldLogprobs.map((x, i) => (i === 2 ? x + 2 : x));
    const input = { ...policy, logprobs, advantages: new Array(8).fill(-1) };
    expect(clippedPolicyLoss(input).loss).toBeCloseTo(golden.dual_clip.plain, 5);
    const dual = clippedPolicyLoss({ ...input, dualClip: 3 });
    expect(dual.loss).toBeCloseTo(golden.dual_clip.dual3, 5);
    expect(dual.gradient[2]).toBe(0);
  });

  test('averaged per answer by tokenShares equals OpenRLHF', () => {
    const lengths = LENGTHS;
    const loss = (aggregation: Parameters<typeof tokenShares>[1]) =>
      clippedPolicyLoss({
        ...policy,
        advantages: flat(openrlhf.advantages_normed),
        weights: tokenShares(lengths, aggregation, { tokens: 8, sequences: 2 }),
        normaliser: 1,
      }).loss;
    expect(loss('token-mean')).toBeCloseTo(openrlhf.policy_loss, 5);
    expect(loss('seq-mean-token-mean')).toBeCloseTo(openrlhf.policy_loss_seq_mean, 5);
    // 8 tokens in 2 answers give four times the mean over tokens.
    expect(loss('seq-mean-token-sum')).toBeCloseTo(4 * openrlhf.policy_loss, 5);
  });

  test('has the gradient of its value', () => {
    const advantages = flat(openrlhf.advantages_normed);
    for (const dualClip of [null, 1.1]) {
      const input = { ...policy, advantages, dualClip, weights: [1, 2, 1, 0.5, 1, 1, 3, 1] };
      expectGradient(
        (logprobs) => clippedPolicyLoss({ ...input, logprobs }).loss,
        policy.logprobs,
        clippedPolicyLoss(input).gradient,
      );
    }
  });

  test('at ratio 1 is REINFORCE: the gradient is -A / N', () => {
    const { gradient } = clippedPolicyLoss({
      ...policy,
      logprobs: policy.oldLogprobs,
      advantages: [1, -2, 3, 0, 1, 1, 1, 1],
    });
    expectClose(
      gradient,
      [-1, 2, -3, 0, -1, -1, -1, -1].map((x) => x / 8),
    );
  });

  test('of micro-batches divided by the whole count adds up to the whole', () => {
    const advantages = flat(openrlhf.advantages_normed);
    const part = (from: number, to: number) =>
      clippedPolicyLoss({
        ...policy,
        logprobs: policy.logprobs.slice(from, to),
        oldLogprobs: policy.oldLogprobs.slice(from, to),
        advantages: advantages.slice(from, to),
        normaliser: 8,
      });
    expect(part(0, 5).loss + part(5, 8).loss).toBeCloseTo(openrlhf.policy_loss, 5);
  });
});

test('averaged over tokens and padding, the figures are those that TRL prints', () => {
  const padded = clippedPolicyLoss({
    logprobs: inputs.new_logprobs.flat(),
    oldLogprobs: inputs.logprobs.flat(),
    advantages: new Array(10).fill(0),
    clip: 0.2,
    dualClip: null,
  });
  expect(padded.approxKl / 10).toBeCloseTo(trl.approxkl_unmasked_mean, 5);
  expect(padded.ratio / 10).toBeCloseTo(trl.ratio_unmasked_mean, 5);
});

test("the value loss and the total equal TRL's, whose score on the padding makes an answer one token longer", () => {
  const longer = (rows: number[][]) => [...rows[0]!, ...rows[1]!.slice(0, 4)];
  const value = clippedValueLoss(
    longer(inputs.vpred),
    longer(inputs.values),
    longer(trl.returns),
    inputs.cliprange_value,
  );
  expect(value.loss).toBeCloseTo(trl.vf_loss, 5);
  expect(value.clipped / 9).toBeCloseTo(trl.vf_clipfrac, 5);
  const { loss } = clippedPolicyLoss({ ...policy, advantages: flat(trl.advantages_whitened) });
  expect(loss + inputs.vf_coef * value.loss).toBeCloseTo(trl.loss, 5);
});

test('the value loss equals OpenRLHF and verl, with the gradient of its value', () => {
  const values = flat(inputs.vpred);
  const [old, returns] = [flat(inputs.values), flat(openrlhf.returns)];
  const ours = clippedValueLoss(values, old, returns, 0.2);
  expect(ours.loss).toBeCloseTo(openrlhf.value_loss, 5);
  expect(ours.clipped / 8).toBe(verl.vf_clipfrac);
  // Shifted away from the kink at the edge of the clip range.
  const inside = values.map((x) => x + 0.01);
  for (const clip of [0.2, null]) {
    expectGradient(
      (x) => clippedValueLoss(x, old, returns, clip).loss,
      inside,
      clippedValueLoss(inside, old, returns, clip).gradient,
    );
  }
});

describe('the comparison loss', () => {
  const { chosen, rejected, margin } = golden.rm;
  const scores = chosen.flatMap((x, i) => [x, rejected[i]!]);
  const pairs = (margins: number[]) => margins.map((m) => ({ outcome: 'chosen' as const, margin: m, weight: 1 }));

  test('equals TRL and OpenRLHF: plain, with margin, centred', () => {
    expect(bradleyTerryLoss(scores, pairs([0, 0, 0]), { centering: 0 }).loss).toBeCloseTo(golden.rm.bt, 5);
    expect(bradleyTerryLoss(scores, pairs(margin), { centering: 0 }).loss).toBeCloseTo(golden.rm.bt_margin, 5);
    const centred = bradleyTerryLoss(scores, pairs([0, 0, 0]), { centering: 0.01 }).loss;
    expect(centred).toBeCloseTo(golden.rm.centered_0_01, 5);
  });

  test("with an unsafe answer's thumbs is Safe-RLHF's cost model", () => {
    // c > 0 means unsafe, the less safe one is chosen, and each side's sign is a thumb: s = 1 up, s = -1 down.
    const { unsafer, safer, cost_sign_unsafer, cost_sign_safer, loss } = golden.cost_model;
    const costs = unsafer.flatMap((x, i) => [x, safer[i]!]);
    const signs = cost_sign_unsafer.flatMap((x, i) => [x, cost_sign_safer[i]!]);
    const thumbs = signs.map((sign) => ({ up: sign > 0, weight: 1, rater: 0 }));
    const pair = bradleyTerryLoss(costs, pairs([0, 0]), { centering: 0 });
    expect(pair.loss + thumbLoss(costs, thumbs, [0], 2).loss).toBeCloseTo(loss, 5);
  });

  test("with a penalty of 0.001 is Safe-RLHF's reward model, whose penalty is the mean square of all scores", () => {
    const plain = bradleyTerryLoss(scores, pairs([0, 0, 0]), { centering: 0 }).loss;
    const squares = scores.reduce((sum, x) => sum + x * x, 0) / 6;
    expect(plain + 0.001 * squares).toBeCloseTo(golden.rm.safe_rlhf_reg_0_001, 5);
  });

  test('counts a tie as half a win each and both bad as a tie with two thumbs down', () => {
    const pair = [0.7, -0.2];
    const one = (outcome: 'chosen' | 'tie' | 'both_bad', x = pair) =>
      bradleyTerryLoss(x, [{ outcome, margin: 0, weight: 1 }], { centering: 0 });
    const tie = (one('chosen').loss + one('chosen', [-0.2, 0.7]).loss) / 2;
    expect(one('tie').loss).toBeCloseTo(tie, 10);
    const down = thumbLoss(
      pair,
      pair.map(() => ({ up: false, weight: 1, rater: 0 })),
      [0],
      1,
    );
    expect(one('both_bad').loss).toBeCloseTo(tie + down.loss, 10);
    expectClose(one('tie', [1, 1]).gradient, [0, 0]);
  });

  test('has the gradient of its value for every outcome', () => {
    const mixed = [
      { outcome: 'chosen' as const, margin: 0.5, weight: 2 },
      { outcome: 'tie' as const, margin: 0, weight: 0.5 },
      { outcome: 'both_bad' as const, margin: 0, weight: 1 },
    ];
    const options = { centering: 0.01 };
    expectGradient(
      (x) => bradleyTerryLoss(x, mixed, options).loss,
      scores,
      bradleyTerryLoss(scores, mixed, options).gradient,
    );
  });
});

test('the thumb loss has the gradient of its value, for scores and for the bias of each rater', () => {
  const thumbs = [
    { up: true, weight: 1, rater: 0 },
    { up: true, weight: 2, rater: 0 },
    { up: false, weight: 1, rater: 1 },
  ];
  const [scores, biases] = [
    [0.3, -0.4, 0.8],
    [0.5, -0.1],
  ];
  const { gradient, biasGradient } = thumbLoss(scores!, thumbs, biases!);
  expectGradient((x) => thumbLoss(x, thumbs, biases!).loss, scores!, gradient);
  expectGradient((x) => thumbLoss(scores!, thumbs, x).loss, biases!, biasGradient);
});

test('log sigmoid does not overflow', () => {
  expect(logSigmoid(-800)).toBe(-800);
  expect(logSigmoid(800)).toBe(0);
});
