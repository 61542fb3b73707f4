// Decides by hashes whether a person takes part in an experiment: sticky, and independent between layers.
import { bucketOf } from '../statistics/bucket';
import type { Segment } from './layers';

/** One person takes part in at most one experiment of a layer, and in each layer independently. */
export function takesPart(layer: string, { from, to }: Segment, userId: string): boolean {
  const bucket = bucketOf(`layer ${layer}`, userId);
  return bucket >= from && bucket < to;
}

/** These people always get the champion and the product's settings. */
export const isHeldOut = (userId: string, share: number): boolean => bucketOf('holdout', userId) < share;
