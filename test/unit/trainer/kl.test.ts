// Divergence estimates against the published vectors.
import { expect, test } from 'vitest';
import { adaptKlCoefficient, tokenKl, tokenKlSlope } from '@/trainer/math/kl';
import { expectClose, expectGradient, golden } from './golden';

test('k1, k2 and k3 equal OpenRLHF on every token', () => {
  const { logprobs, ref_logprobs } = golden.inputs;
  for (const estimator of ['k1', 'k2', 'k3'] as const) {
    const expected = golden[`kl_${estimator}`];
    logprobs.forEach((row, i) => {
      expectClose(tokenKl(row, ref_logprobs[i]!, estimator), expected[i]!);
    });
  }
});

test('the adaptive coefficient follows lm-human-preferences, its target being nats per sequence', () => {
  const { init, target, horizon, n_steps, kls, values } = golden.adaptive_kl;
  let coefficient = init;
  kls.forEach((kl, i) => {
    coefficient = adaptKlCoefficient(coefficient, kl, n_steps, { target_kl_per_sequence: target, horizon });
    expect(coefficient).toBeCloseTo(values[i]!, 8);
  });
});

test('the slope of each estimator is its derivative', () => {
  const { logprobs, ref_logprobs } = golden.inputs;
  for (const estimator of ['k1', 'k2', 'k3'] as const) {
    const total = (x: number[]) => tokenKl(x, ref_logprobs[0]!, estimator).reduce((a, b) => a + b, 0);
    // tokenKl rounds to float32: differences of 1e-5 would drown in it.
    expectGradient(total, logprobs[0]!, tokenKlSlope(logprobs[0]!, ref_logprobs[0]!, estimator), 2e-2);
    const exact = (d: number) => (estimator === 'k1' ? 1 : estimator === 'k2' ? d : 1 - Math.exp(-d));
    const differences = logprobs[0]!.map((x, t) => x - ref_logprobs[0]![t]!);
    expectClose(tokenKlSlope(logprobs[0]!, ref_logprobs[0]!, estimator), differences.map(exact));
  }
});
