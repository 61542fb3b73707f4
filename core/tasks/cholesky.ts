// Factors symmetric positive definite matrices, row by row in one array, to solve with them and to invert them.
import { AttuneError } from '@/core/errors';

/**
 * The lower triangle L of A = L Lᵀ; A is [size, size] and only its lower triangle is read.
 * Throws BAD_INPUT if A is not positive definite.
 */
export function choleskyFactor(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      if (j < i) factor[i * size + j] = sum / factor[j * size + j]!;
      else if (sum > 0) factor[i * size + i] = Math.sqrt(sum);
      else {
        throw new AttuneError(
          'BAD_INPUT',
          `A matrix of ${size} rows is not positive definite. Use a larger precision.`,
        );
      }
    }
  }
  return factor;
}

/** A⁻¹ b, from the factor of A. */
export function solveWithFactor(factor: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  const x = Float64Array.from(b);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i]! -= factor[i * size + k]! * x[k]!;
    x[i]! /= factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    x[i]! /= factor[i * size + i]!;
    for (let k = 0; k < i; k++) x[k]! -= factor[i * size + k]! * x[i]!;
  }
  return x;
}

/** A⁻¹ [size, size], from the factor of A. */
export function inverseFromFactor(factor: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    const unit = new Float64Array(size);
    unit[column] = 1;
    inverse.set(solveWithFactor(factor, unit), column * size);
  }
  return inverse;
}

/** The logarithm of A's determinant, from its factor. */
export function logDeterminant(factor: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.log(factor[i * size + i]!);
  return 2 * sum;
}
