// Weights of tokens that another engine or an older policy sampled: exact behaviour log-probs against the trainer's own.
import { AttuneError } from '@/core/errors';

/**
 * How a weight w = p(trainer) / p(behaviour) is bounded: `truncate` clamps it (TIS), `icepop` makes a token outside the
 * bounds 0, `sequence-mask` makes an answer 0 whose geometric mean is outside and leaves the others as they are (OpenRLHF).
 */
export type ImportanceMode = 'truncate' | 'icepop' | 'sequence-mask';

/** Raw weights of one answer's tokens. Constants: no gradient runs through them. */
export function importanceRatios(trainer: ArrayLike<number>, behaviour: ArrayLike<number>): Float32Array {
  if (trainer.length !== behaviour.length) {
    throw new AttuneError(
      'BAD_INPUT',
      `An answer has ${trainer.length} log-probs of the trainer and ${behaviour.length} of its sampler; they must be equal.`,
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
