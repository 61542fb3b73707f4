// The types that the procedures of snapshots return, as pages and tests read them.
import type { RunStatus } from '@/core/contract';
import type { FEEDBACK_SOURCES, FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import type { Split } from '@/core/snapshot/rows';
import type { SnapshotRow } from '@/core/snapshot/snapshot';

export type RowKind = SnapshotRow['kind'];
/** Where feedback was given, or why the row is there: asked again, logged by the parent, from a file, or taken back. */
export type RowSource = (typeof FEEDBACK_SOURCES)[number] | 'prompt' | 'generation' | 'file' | 'withdrawn';
/** Below 0, 0, below a half, below 1, and 1. */
export type TrustLevel = 'inverted' | 'none' | 'little' | 'most' | 'full';

export interface CountView<Name extends string> {
  name: Name;
  rows: number;
}

export interface SnapshotContentView {
  rows: number;
  raters: number;
  kinds: { kind: RowKind; train: number; heldout: number }[];
  sources: CountView<RowSource>[];
  /** What raters say of themselves is told of five people or more; a null name is small groups together. */
  groups: { name: string; values: CountView<string>[] }[];
  trust: CountView<TrustLevel>[];
}

export interface SnapshotView {
  id: string;
  /** The file's hash as it was frozen. */
  sha256: string;
  frozenUpTo: Date;
  createdAt: Date;
  /** Rows by kind and split, and what was left out, as it was frozen. */
  counts: Record<string, number>;
  /** How many lines were blanked when. */
  blanked: { at: Date; lines: number }[];
  runs: { id: string; status: RunStatus; resultVersionId: string | null }[];
  /** Why there is no content: the file is gone, or is not what was frozen. */
  trouble: 'missing' | 'corrupt' | null;
  content: SnapshotContentView | null;
}

export interface RowContentView {
  /** As the model reads it, with the marks of its template; null if another base's tokens are in the row. */
  prompt: string | null;
  /** `versionId` is null where the row does not name it. */
  completions: { text: string | null; versionId: string | null }[];
  /** What was said of the completions, which are named by their places from 0. */
  said: { kind: FeedbackKind; value: FeedbackValue } | null;
  quality: number | null;
  trust: number | null;
  /** A hash that keeps one person's rows together. */
  raterId: string | null;
  feedbackId: string | null;
  /** Without what the rater says of themselves, because a row leads to its person. */
  groups: Record<string, string>;
}

export type SnapshotRowView = {
  /** From 1. */
  line: number;
  kind: RowKind;
  split: Split;
} & (
  | { content: RowContentView; withheld: null }
  /**
   * It was taken back or excluded, and the trainer is about to blank the line; or nobody rated it, and its owner was not
   * told that others read it.
   */
  | { content: null; withheld: 'taken' | 'unrated' }
);

export interface SnapshotRowsView {
  items: SnapshotRowView[];
  /** The line after which the next page starts. */
  nextCursor: number | null;
}
