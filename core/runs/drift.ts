// Decides whether people like the champion less than they did when it was new, however often one looks.
import { bernoulliSequenceInterval } from '@/core/statistics/confidence-sequence';
import type { Interval } from '@/core/statistics/statistics';

/** Thumbs of the champion's answers; a person counts once a day, because one person's votes are alike. */
export interface Thumbs {
  up: number;
  n: number;
}

/** The first votes after a promotion, with which later ones are compared. */
export const FIRST_VOTES = 200;
/** Chance of a false alarm while a champion serves. */
const ALPHA = 0.05;

export interface Drift {
  first: Thumbs & Interval;
  later: Thumbs & Interval;
  hasDrifted: boolean;
}

/**
 * Each side's confidence sequence misses its rate at any time with probability alpha / 2 at most, so that intervals that
 * are apart are wrong with probability alpha at most, at however many looks (Howard et al. 2021).
 */
export function judgeDrift(first: Thumbs, later: Thumbs): Drift {
  const around = ({ up, n }: Thumbs): Interval =>
    bernoulliSequenceInterval(up, n, { alpha: ALPHA / 2, tuning: FIRST_VOTES });
  const [before, after] = [around(first), around(later)];
  return {
    first: { ...first, ...before },
    later: { ...later, ...after },
    hasDrifted: first.n >= FIRST_VOTES && later.n > 0 && after.high < before.low,
  };
}
