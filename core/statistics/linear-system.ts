// Inverts small symmetric matrices, such as the curvature of a likelihood.

/** [n x n], row after row; null if the matrix is not positive definite. By Cholesky's decomposition. */
export function invertPositiveDefinite(matrix: Float64Array, n: number): Float64Array | null {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) rest -= lower[i * n + k]! * lower[j * n + k]!;
      if (i !== j) lower[i * n + j] = rest / lower[j * n + j]!;
      else if (rest > 0) lower[i * n + i] = Math.sqrt(rest);
      else return null;
    }
  }
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    const solution = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let rest = i === column ? 1 : 0;
      for (let k = 0; k < i; k++) rest -= lower[i * n + k]! * solution[k]!;
      solution[i] = rest / lower[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      let rest = solution[i]!;
      for (let k = i + 1; k < n; k++) rest -= lower[k * n + i]! * solution[k]!;
      solution[i] = rest / lower[i * n + i]!;
    }
    for (let i = 0; i < n; i++) inverse[i * n + column] = solution[i]!;
  }
  return inverse;
}

/** Of two [n x n] matrices. */
export function multiply(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      for (let j = 0; j < n; j++) product[i * n + j]! += a[i * n + k]! * b[k * n + j]!;
    }
  }
  return product;
}
