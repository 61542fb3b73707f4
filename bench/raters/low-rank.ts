// Shortens rows of features while keeping their inner products: a pivoted Cholesky factor of the rows' Gram matrix.

/** `rows` is [n, width]; the result [n, rank], whose inner products are the rows' as closely as the rank allows. */
export function lowRankRows(rows: Float32Array, width: number, rank: number): Float32Array {
  const n = rows.length / width;
  const left = Float64Array.from({ length: n }, (_, i) => dot(rows, i, i, width));
  const factor = new Float32Array(n * rank);
  for (let k = 0; k < rank; k++) {
    const pivot = left.reduce((best, value, i) => (value > left[best]! ? i : best), 0);
    const scale = Math.sqrt(Math.max(left[pivot]!, 1e-12));
    for (let i = 0; i < n; i++) {
      let value = dot(rows, i, pivot, width);
      for (let j = 0; j < k; j++) value -= factor[i * rank + j]! * factor[pivot * rank + j]!;
      factor[i * rank + k] = value / scale;
      left[i] = Math.max(0, left[i]! - (value / scale) ** 2);
    }
    left[pivot] = 0;
  }
  return factor;
}

function dot(rows: Float32Array, a: number, b: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += rows[a * width + j]! * rows[b * width + j]!;
  return sum;
}
