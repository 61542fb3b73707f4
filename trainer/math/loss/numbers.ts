// Checks the plain numbers that losses are computed from.
import { AttuneError } from '@/core/errors';

export type Numbers = ArrayLike<number>;

/** Throws BAD_INPUT if the lengths differ. */
export function sameLength(first: { length: number }, ...others: { length: number }[]): number {
  const lengths = [first.length, ...others.map((other) => other.length)];
  if (lengths.some((length) => length !== lengths[0])) {
    throw new AttuneError('BAD_INPUT', `A loss got arrays of lengths ${lengths.join(', ')}; they must be equal.`);
  }
  return first.length;
}
