// Checks whether every number of a weight is finite.
import { AttuneError } from '@/core/errors';

/** Adds up x * 0: infinity times 0 and NaN times anything are NaN, and NaN stays in the sum. */
export function isFiniteArray(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

/** `name` names the file and the tensor. */
export const notFinite = (name: string) =>
  new AttuneError('CORRUPT', `${name} has numbers that are not finite. Its file is damaged; use another copy.`);
