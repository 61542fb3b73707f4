// Turns probe states into a few features a completion: standardised, without what a prompt's completions share, rotated.
import { type Tensor2D, tf } from '@/trainer/backend';
import { Rng } from '@/core/rng';
import type { Pair, PairSet } from './sets';
import type { States } from './states';

/** Rounds of subspace iteration; the bench needs the directions that matter, not the last digits of each. */
const ROUNDS = 12;

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
  return tf.sqrt(tf.moments(rows, 0).variance);
}

/** Columns that span the rows of `differences` best. [width, size] */
function leadingDirections(differences: Tensor2D, size: number): Tensor2D {
  const gram = tf.matMul(differences, differences, false, true) as Tensor2D; // [pool, pool]
  const rows = gram.shape[0];
  const rng = new Rng(2029);
  let columns = Array.from({ length: size }, () => Float32Array.from({ length: rows }, () => rng.normal()));
  for (let round = 0; round < ROUNDS; round++) {
    columns = orthonormal(columns);
    const moved = tf.tidy(() => tf.matMul(tf.tensor2d(flat(columns), [size, rows]), gram).dataSync()) as Float32Array;
    columns = columns.map((_, i) => moved.slice(i * rows, (i + 1) * rows));
  }
  const inside = tf.tensor2d(flat(orthonormal(columns)), [size, rows]);
  const directions = tf.matMul(inside, differences); // [size, width]
  return tf.transpose(tf.div(directions, tf.norm(directions, 2, 1, true)));
}

/** Modified Gram-Schmidt. */
function orthonormal(columns: readonly Float32Array[]): Float32Array[] {
  const done: Float32Array[] = [];
  for (const column of columns) {
    const own = Float64Array.from(column);
    for (const other of done) {
      let shared = 0;
      for (let i = 0; i < own.length; i++) shared += own[i]! * other[i]!;
      for (let i = 0; i < own.length; i++) own[i]! -= shared * other[i]!;
    }
    const length = Math.hypot(...own);
    done.push(Float32Array.from(own, (value) => value / length));
  }
  return done;
}

function flat(columns: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(columns.length * columns[0]!.length);
  for (const [i, column] of columns.entries()) all.set(column, i * column.length);
  return all;
}
