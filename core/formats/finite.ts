// Whether every number of a weight is finite.
import { AttuneError } from '@/core/errors';

/** Infinity times 0 and NaN times anything are NaN, which stays in the sum. */
export function isFiniteArray(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

/** `name` says whose numbers they are: the file and the tensor. */
export const notFinite = (name: string) =>
  new AttuneError('CORRUPT', `${name} holds numbers that are not finite. Its file is damaged; use another copy.`);
