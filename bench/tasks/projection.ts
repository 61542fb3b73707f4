// Turns probe states into a few features a completion: standardised, without what a prompt's completions share, rotated.
import { type Tensor2D, tf } from '@/trainer/backend';
import { leadingDirections } from '@/trainer/reward/leading-directions';
import type { Pair, PairSet } from './sets';
import type { States } from './states';

/**
 * The difference of each pair's completions (chosen - rejected) in the `size` directions in which the pairs of `pool`
 * differ most. The probes standardise each feature and share one prior; so do these. No label is used: the sign of a
 * difference does not change the directions.
 */
export function projectPairs(set: PairSet, states: States, pool: readonly number[], size: number): Float64Array[] {
  const { pairs } = set;
  const all = tf.tidy(() => {
    const deviation = deviationOf(set, states, pool);
    const differences = tf.div(differencesOf(pairs, states), deviation) as Tensor2D; // [pairs, width]
    const own = tf.gather(differences, tf.tensor1d([...pool], 'int32')) as Tensor2D; // [pool, width]
    return tf.matMul(differences, leadingDirections(own, size)); // [pairs, size]
  });
  const values = all.dataSync();
  all.dispose();
  return pairs.map((_, i) => Float64Array.from(values.subarray(i * size, (i + 1) * size)));
}

function differencesOf(pairs: readonly Pair[], { values, width, starts }: States): Tensor2D {
  const differences = new Float32Array(pairs.length * width);
  for (const [i, { group, chosen, rejected }] of pairs.entries()) {
    const [a, b] = [(starts[group]! + chosen) * width, (starts[group]! + rejected) * width];
    for (let j = 0; j < width; j++) differences[i * width + j] = values[a + j]! - values[b + j]!;
  }
  return tf.tensor2d(differences, [pairs.length, width]);
}

/** Deviation of each feature over the completions of the pool's pairs. [width] */
function deviationOf({ pairs }: PairSet, { values, width, starts }: States, pool: readonly number[]) {
  const completions = new Set<number>();
  for (const i of pool) {
    const { group, chosen, rejected } = pairs[i]!;
    completions.add(starts[group]! + chosen).add(starts[group]! + rejected);
  }
  const rows = tf.gather(tf.tensor2d(values, [values.length / width, width]), tf.tensor1d([...completions], 'int32'));
  return tf.add(tf.sqrt(tf.moments(rows, 0).variance), 1e-6);
}
