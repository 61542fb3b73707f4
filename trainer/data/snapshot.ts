// Gathers the rows of a frozen data set, and says what one holds once it is read.
import type { Split } from '@/core/snapshot/rows';
import type { SnapshotRow } from '@/core/snapshot/snapshot';

export interface Snapshot {
  id: string;
  /** Hash of the file as it was frozen. */
  sha256: string;
  /** Hash of the file now, which differs once people have taken rows back. */
  contentSha256: string;
  /** Counts of rows by `kind/split`, and of what was left out. */
  counts: Record<string, number>;
  rows: SnapshotRow[];
}

/** A row before its prompt is assigned to a side of the split. */
export type UnsplitRow = SnapshotRow extends infer Row ? (Row extends unknown ? Omit<Row, 'split'> : never) : never;

const IDS = new Set(['generationId', 'feedbackId']);

/** Gathers rows without repetitions, and counts those that were kept and left out. */
export class RowCollector {
  private readonly kept = new Map<string, SnapshotRow>();
  readonly counts: Record<string, number> = {};

  tally(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  /** Two rows that differ only in the ids of generation and feedback are one; a row whose side is null is left out. */
  keep(unsplit: UnsplitRow, split: Split | null): void {
    if (split === null) {
      this.tally('left_out/prompt_on_both_sides');
      return;
    }
    const row = { ...unsplit, split } as SnapshotRow;
    const key = JSON.stringify(row, (name, value) => (IDS.has(name) ? undefined : value));
    this.tally(this.kept.has(key) ? 'left_out/duplicate' : `${row.kind}/${row.split}`);
    if (!this.kept.has(key)) this.kept.set(key, row);
  }

  get rows(): SnapshotRow[] {
    return [...this.kept.values()];
  }
}
