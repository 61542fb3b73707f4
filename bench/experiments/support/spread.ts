// Computes centre and spread of an experiment's figures.
import { mean, sampleStandardDeviation } from 'simple-statistics';

export { mean };

/** Unbiased; 0 for fewer than two values. */
export const standardDeviation = (values: number[]): number =>
  values.length < 2 ? 0 : sampleStandardDeviation(values);
