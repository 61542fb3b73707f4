// Divergence estimates against the published vectors.
import { expect, test } from 'vitest';
import { adaptKlCoefficient, tokenKl } from '@/trainer/kl';
import { expectClose, golden } from './golden';

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
