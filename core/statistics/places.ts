// Says which places a list of estimates leaves open: one is ahead of another only where its whole interval is.
import type { Interval } from './statistics';

export interface PlaceRange {
  /** From 1. */
  best: number;
  worst: number;
}

/** In the order of the intervals; higher is better. */
export function placesOf(intervals: readonly Interval[]): PlaceRange[] {
  return intervals.map((own) => ({
    best: 1 + intervals.filter((other) => other.low > own.high).length,
    worst: intervals.length - intervals.filter((other) => other.high < own.low).length,
  }));
}
