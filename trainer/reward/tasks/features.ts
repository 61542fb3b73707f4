// Turns completions and judgements of them into features: what the probes read, in the few directions that matter.
import { HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import { type Tensor2D, tf } from '@/trainer/backend';
import type { RewardExample } from '@/trainer/math/reward-examples';
import type { KnownStates } from '@/trainer/reward/probe/states';
import { leadingDirections } from './leading-directions';

/** Directions of the states that are kept. */
const SIZE = 64;

/** The state of `plus` minus that of `minus`; null stands for the mean of all states, 0. */
export interface Difference {
  plus: number | null;
  minus: number | null;
  weight: number;
}

/**
 * An example as Bradley-Terry votes; `start` is the place of its first completion. A tie is half a vote each way, and a
 * rating shares its weight between a vote up and one down: what counts here is above all what has been judged.
 */
export function judgementsOf(example: RewardExample, start: number): Difference[] {
  const wins = (plus: number | null, minus: number | null, share = 1): Difference => ({
    plus: plus === null ? null : start + plus,
    minus: minus === null ? null : start + minus,
    weight: example.weight * share,
  });
  const scale = (share: number) => [wins(0, null, share), wins(null, 0, 1 - share)];
  switch (example.kind) {
    case 'comparison':
      return example.outcome === 'chosen' ? [wins(0, 1)] : [wins(0, 1, 0.5), wins(1, 0, 0.5)];
    case 'correction':
      return [wins(0, 1)];
    case 'best_of':
      return example.completions.flatMap((_, other) =>
        other === example.best ? [] : [wins(example.best, other, 1 / (example.completions.length - 1))],
      );
    case 'ranking':
      return rankedPairs(example.ranks).map(([first, second], _, { length }) => wins(first, second, 1 / length));
    case 'thumb':
      return scale(example.up ? 1 : 0);
    case 'rating':
      return scale((example.value - LOWEST_RATING) / (HIGHEST_RATING - LOWEST_RATING));
    case 'questionnaire':
      return scale(example.quality);
    case 'safety': // says nothing about which answer is better
    case 'implicit':
      return []; // what a person did is a weak hint, and would count as much as what others said
  }
}

/** Places of the better and the worse of every two completions that do not tie. */
const rankedPairs = (ranks: readonly number[]): [number, number][] =>
  ranks.flatMap((rank, first) =>
    ranks.flatMap((other, second): [number, number][] => (rank < other ? [[first, second]] : [])),
  );

type States = Pick<KnownStates, 'values' | 'width' | 'completions'>;

/**
 * In the directions in which the differences are longest, all features standardised over all completions. A last
 * feature is the level: 0 for two completions; for one, as long as all its other features together are on average, so
 * that a reward of the average completion other than 0 is as likely beforehand as a difference from it.
 * [differences][at most SIZE + 1]
 */
export function projectDifferences(states: States, blocks: number, differences: readonly Difference[]): Float64Array[] {
  const projected = tf.tidy(() => {
    const all = tf.tensor2d(states.values, [states.completions, states.width]);
    const { mean, variance } = tf.moments(all, 0, true);
    const deviation = tf.add(tf.sqrt(variance), 1e-6);
    const features = tf.div(tf.sub(all, mean), tf.mul(deviation, Math.sqrt(blocks)));
    const side = (of: 'plus' | 'minus') => {
      const isThere = differences.map((difference) => [difference[of] === null ? 0 : 1]);
      const rows = tf.gather(
        features,
        tf.tensor1d(
          differences.map((difference) => difference[of] ?? 0),
          'int32',
        ),
      );
      return tf.mul(rows, tf.tensor2d(isThere));
    };
    const rows = tf.sub(side('plus'), side('minus')) as Tensor2D;
    const projected = tf.matMul(rows, leadingDirections(rows, SIZE));
    const length = tf.sqrt(tf.mean(tf.sum(tf.square(projected), 1)));
    const levels = differences.map(({ plus, minus }) => [Number(plus !== null) - Number(minus !== null)]);
    return tf.concat([projected, tf.mul(tf.tensor2d(levels), length)], 1) as Tensor2D;
  });
  const values = projected.dataSync();
  const size = projected.shape[1];
  projected.dispose();
  return differences.map((_, i) => Float64Array.from(values.subarray(i * size, (i + 1) * size)));
}
