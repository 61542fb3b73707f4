// Whether every number of a weight is finite.

/** Infinity times 0 and NaN times anything are NaN, which stays in the sum. */
export function isFiniteArray(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}
