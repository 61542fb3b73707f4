// The losses of DPO and KTO against TRL's values, their gradients against central differences.
import { expect, test } from 'vitest';
import { dpoLoss, ktoLoss, mismatchedKl } from '@/trainer/math/loss/preference';
import { expectClose, expectGradient, golden } from './golden';

const { dpo, kto } = golden;
const dpoRatios = dpo.pc.flatMap((chosen, i) => [chosen - dpo.rc[i]!, dpo.pr[i]! - dpo.rr[i]!]);

test('DPO equals TRL, including implicit rewards', () => {
  const pairs = dpo.pc.map(() => ({ isTie: false, weight: 1 }));
  expect(dpoLoss(dpoRatios, pairs, dpo.beta).loss).toBeCloseTo(dpo.loss, 5);
  expectClose(
    dpoRatios.filter((_, i) => i % 2 === 0).map((x) => dpo.beta * x),
    dpo.chosen_rewards,
  );
  expectClose(
    dpoRatios.filter((_, i) => i % 2 === 1).map((x) => dpo.beta * x),
    dpo.rejected_rewards,
  );
});

test('DPO has the gradient of its value, with weights and ties; a tie pulls the two answers together', () => {
  const pairs = [
    { isTie: false, weight: 2 },
    { isTie: true, weight: 0.5 },
  ];
  const loss = (x: ArrayLike<number>) => dpoLoss(x, pairs, 0.3);
  expectGradient((x) => loss(x).loss, dpoRatios, loss(dpoRatios).gradient);
  const { gradient } = loss([0, 0, 4, 1]);
  expect(gradient[2]).toBeGreaterThan(0);
  expect(gradient[3]).toBeCloseTo(-gradient[2]!, 6);
});

test('KTO equals TRL on good and bad answers', () => {
  const { beta, kl } = kto;
  const completions = (ratios: number[], up: boolean) => ratios.map(() => ({ up, weight: 1 }));
  const good = ktoLoss(kto.chosen_logratios, completions(kto.chosen_logratios, true), { beta, kl });
  const bad = ktoLoss(kto.rejected_logratios, completions(kto.rejected_logratios, false), { beta, kl });
  expectClose(good.losses, kto.chosen_losses);
  expectClose(bad.losses, kto.rejected_losses);
});

test('KTO has the gradient of its value; its reference point is never below 0', () => {
  const completions = [
    { up: true, weight: 1 },
    { up: false, weight: 1.3 },
  ];
  const loss = (x: ArrayLike<number>) => ktoLoss(x, completions, { beta: 0.4, kl: 0.7, normaliser: 3 });
  expectGradient((x) => loss(x).loss, [0.5, -1.2], loss([0.5, -1.2]).gradient);
  expect(mismatchedKl([-3, 1])).toBe(0);
  expect(mismatchedKl([3, 1])).toBe(2);
});
