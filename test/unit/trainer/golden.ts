// Reads the published test vectors, and compares the trainer's ragged rows with their padded ones.
import { expect } from 'vitest';
import vectors from '../../fixtures/rlhf-golden.json';

/** All published vectors, with the type that the file gives them. */
export const golden = vectors;

/** The response lengths of the vectors' two answers. */
export const LENGTHS = [5, 3];

/** Cuts off the padding, so that rows are as ragged as the trainer's. */
export const ragged = (rows: number[][]) => rows.map((row, i) => row.slice(0, LENGTHS[i]));

/** Expects every value within 2e-6, because the vectors are printed with six decimals. */
export function expectClose(actual: Iterable<number>, expected: readonly number[], tolerance = 2e-6): void {
  const values = [...actual];
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `index ${i}: ${value} for ${expected[i]}`).toBeLessThan(tolerance);
  });
}

/** Compares a gradient with central differences of `loss` around `at`. */
export function expectGradient(
  loss: (x: number[]) => number,
  at: readonly number[],
  gradient: ArrayLike<number>,
  tolerance = 1e-5,
): void {
  const step = 1e-5;
  at.forEach((_, i) => {
    const shifted = (by: number) => loss(at.map((x, j) => (j === i ? x + by : x)));
    const slope = (shifted(step) - shifted(-step)) / (2 * step);
    expect(Math.abs(slope - gradient[i]!), `d/dx[${i}]: ${gradient[i]} for ${slope}`).toBeLessThan(tolerance);
  });
}
