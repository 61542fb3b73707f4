// Reads a row as far as its rater is trusted: as it is, turned over, or not at all.
import { HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import { type GivenRow, isGiven, type SnapshotRow } from '@/core/snapshot/snapshot';

/**
 * The rows to learn from. A rater with a trust below 0 reliably says the opposite, so their vote is turned over and counts
 * with the size of the trust; a row that has no opposite, and one whose rater is not trusted, is left out.
 */
export const believedRows = (rows: readonly SnapshotRow[]): SnapshotRow[] => rows.flatMap((row) => believed(row) ?? []);

/** Which kinds a run learns from only if it is asked to. */
export interface LearntKinds {
  implicit: boolean;
  demonstrations: boolean;
}

/**
 * The ids of the feedback that a run learns from: on the training side, of raters who are believed. Held-out rows only
 * judge, and rows of files and old snapshots name none.
 */
export function learnedFeedback(rows: readonly SnapshotRow[], kinds: LearntKinds): string[] {
  const learned = believedRows(rows).filter(
    ({ split, kind }) =>
      split === 'train' &&
      (kind !== 'implicit' || kinds.implicit) &&
      (kind !== 'demonstration' || kinds.demonstrations),
  );
  return [...new Set(learned.flatMap((row) => ('feedbackId' in row && row.feedbackId) || []))];
}

function believed(row: SnapshotRow): SnapshotRow | null {
  if (!isGiven(row)) return row;
  const trust = row.trust ?? 1;
  if (trust === 0) return null;
  if (trust > 0) return row;
  const turned = turnedOver(row);
  return turned && { ...turned, trust: -trust };
}

function turnedOver(row: GivenRow): GivenRow | null {
  switch (row.kind) {
    case 'comparison': {
      if (row.choice === 'both_bad') return null;
      const { safety: _, ...judged } = row; // what somebody means who says the opposite of safe is unknown
      return row.choice === 'tie' ? judged : { ...judged, choice: row.choice === 'left' ? 'right' : 'left' };
    }
    case 'thumb':
      return { ...row, up: !row.up };
    case 'rating':
      return { ...row, value: LOWEST_RATING + HIGHEST_RATING - row.value };
    case 'ranking': {
      const last = Math.max(...row.ranks);
      return { ...row, ranks: row.ranks.map((rank) => last - rank) };
    }
    // The opposite of a pick may be any of the others; of a text or a flaw, anything.
    default:
      return null;
  }
}
