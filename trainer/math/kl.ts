// Estimates of the divergence from the reference, token by token, with the coefficient that charges for it.

/** Schulman, "Approximating KL divergence": k1 unbiased, k2 with the right expected gradient, k3 unbiased and never negative. */
export type KlEstimator = 'k1' | 'k2' | 'k3';

/** KL of each token in nats, where d = log p(policy) - log p(reference). Shapes [N] -> [N]. */
export function tokenKl(
  policy: ArrayLike<number>,
  reference: ArrayLike<number>,
  estimator: KlEstimator = 'k1',
): Float32Array {
  const kl = new Float32Array(policy.length);
  for (let t = 0; t < kl.length; t++) {
    const d = policy[t]! - reference[t]!;
    kl[t] = estimator === 'k1' ? d : estimator === 'k2' ? (d * d) / 2 : Math.expm1(-d) + d;
  }
  return kl;
}

/** The derivative of each token's KL with respect to log p(policy), for a KL in the loss. Shapes [N] -> [N]. */
export function tokenKlSlope(
  policy: ArrayLike<number>,
  reference: ArrayLike<number>,
  estimator: KlEstimator,
): Float32Array {
  return Float32Array.from(policy, (x, t) => {
    const d = x - reference[t]!;
    return estimator === 'k1' ? 1 : estimator === 'k2' ? d : -Math.expm1(-d);
  });
}

export interface KlTarget {
  /**
   * Nats summed over a completion, averaged over completions: the unit of lm-human-preferences, not a mean per token.
   */
  target_kl_per_sequence: number;
  /** Completions over which a constant error of 20 % or more moves the coefficient by 20 %. */
  horizon: number;
}

/** Ziegler et al. 2019, section 2.2: beta * (1 + clip(KL / target - 1, +-0.2) * n / horizon). */
export function adaptKlCoefficient(
  coefficient: number,
  klPerSequence: number,
  sequences: number,
  { target_kl_per_sequence, horizon }: KlTarget,
): number {
  const error = Math.min(Math.max(klPerSequence / target_kl_per_sequence - 1, -0.2), 0.2);
  return coefficient * (1 + (error * sequences) / horizon);
}
