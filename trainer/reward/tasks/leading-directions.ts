// Finds the few directions in which rows of features differ most, without labels.
import { Rng } from '@/core/rng';
import { type Tensor2D, tf } from '@/trainer/backend';

/** Rounds of subspace iteration: the directions that matter are needed, not the last digits of each. */
const ROUNDS = 12;

/**
 * Orthogonal directions that keep most of the rows' length, from their Gram matrix: rows are few and wide.
 * [width, min(size, rows)]; the caller disposes it.
 */
export function leadingDirections(rows: Tensor2D, size: number): Tensor2D {
  return tf.tidy(() => {
    const count = rows.shape[0];
    const rank = Math.min(size, count);
    const gram = tf.matMul(rows, rows, false, true) as Tensor2D; // [rows, rows]
    const rng = new Rng(2029);
    let basis = Array.from({ length: rank }, () => Float32Array.from({ length: count }, () => rng.normal()));
    for (let round = 0; round < ROUNDS; round++) {
      const moved = tf.tidy(() => tf.matMul(stack(orthonormal(basis), count), gram).dataSync()) as Float32Array;
      basis = basis.map((_, i) => moved.slice(i * count, (i + 1) * count));
    }
    const directions = tf.matMul(stack(orthonormal(basis), count), rows); // [rank, width]
    const lengths = tf.add(tf.norm(directions, 2, 1, true), 1e-12);
    return tf.transpose(tf.div(directions, lengths)) as Tensor2D;
  });
}

/** Modified Gram-Schmidt; what is left of a dependent row becomes zero. */
function orthonormal(basis: readonly Float32Array[]): Float32Array[] {
  const done: Float64Array[] = [];
  for (const row of basis) {
    const own = Float64Array.from(row);
    const before = lengthOf(own);
    for (const other of done) {
      let shared = 0;
      for (let i = 0; i < own.length; i++) shared += own[i]! * other[i]!;
      for (let i = 0; i < own.length; i++) own[i]! -= shared * other[i]!;
    }
    const length = lengthOf(own);
    done.push(length > 1e-6 * before ? own.map((value) => value / length) : new Float64Array(own.length));
  }
  return done.map((row) => Float32Array.from(row));
}

const lengthOf = (row: Float64Array) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));

function stack(basis: readonly Float32Array[], count: number): Tensor2D {
  const all = new Float32Array(basis.length * count);
  for (const [i, row] of basis.entries()) all.set(row, i * count);
  return tf.tensor2d(all, [basis.length, count]);
}
