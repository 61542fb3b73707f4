// Weights of tokens sampled by another engine or an older policy: their exact log-probs there against the trainer's.
import { AttuneError } from '@/core/errors';

/**
 * How a weight w = p(trainer) / p(behaviour) is bounded: `truncate` clamps it (TIS), `icepop` sets a token outside the
 * bounds to 0, `sequence-mask` sets a completion to 0 if its geometric mean is outside and leaves the others unchanged
 * (OpenRLHF).
 */
export type ImportanceMode = 'truncate' | 'icepop' | 'sequence-mask';

/** Raw weights of one completion's tokens. They are constants: no gradient flows through them. */
export function importanceRatios(trainer: ArrayLike<number>, behaviour: ArrayLike<number>): Float32Array {
  if (trainer.length !== behaviour.length) {
    throw new AttuneError(
      'BAD_INPUT',
      `A completion has ${trainer.length} log-probs of the trainer and ${behaviour.length} of its sampler; these counts must be equal.`,
    );
  }
  return Float32Array.from(trainer, (x, t) => Math.exp(x - behaviour[t]!));
}

export function importanceWeights(
  trainer: ArrayLike<number>,
  behaviour: ArrayLike<number>,
  mode: ImportanceMode,
  [low, high]: readonly [number, number],
): Float32Array {
  const ratios = importanceRatios(trainer, behaviour);
  const isInside = (x: number) => x >= low && x <= high;
  if (mode === 'truncate') return ratios.map((ratio) => Math.min(Math.max(ratio, low), high));
  if (mode === 'icepop') return ratios.map((ratio) => (isInside(ratio) ? ratio : 0));
  const logs = Array.from(trainer, (x, t) => x - behaviour[t]!);
  const geometricMean = Math.exp(logs.reduce((a, b) => a + b, 0) / Math.max(1, logs.length));
  return isInside(geometricMean) ? ratios : ratios.fill(0);
}
