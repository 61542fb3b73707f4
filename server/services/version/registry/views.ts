// The types that the registry's procedures return, without database types.
import type { ExampleAnswers, GateResult, ImportedAdapter } from '@/core/artifact/manifest';
import type { RunStatus, VersionStatus } from '@/core/contract';
import type { CanaryPhase } from '@/core/rollout/canary';
import type { RateView, SideBySideView } from '@/server/rollout/metrics';
import type { RuleHits } from '@/server/rollout/rule-hits';

export interface VersionNameView {
  id: string;
  status: VersionStatus;
  isRetired: boolean;
  isChampion: boolean;
}

export interface VersionRowView extends VersionNameView {
  parentId: string | null;
  runId: string | null;
  snapshotId: string | null;
  gates: GateResult[];
  tags: string[];
  note: string;
  createdAt: Date;
}

export interface VersionPageView {
  items: VersionRowView[];
  nextCursor: string | null;
}

/** The first page of the list needs these once. */
export interface RegistryView {
  championId: string;
  /** Where a rollback leads; null if there is nothing to go back to. */
  previousId: string | null;
  /** Every tag in use, the most used first. */
  tags: { tag: string; versions: number }[];
  total: number;
}

export interface VersionFiguresView {
  thumbRate: RateView;
  sideBySide: SideBySideView;
  rules: RuleHits;
  /** When the votes and hits were counted; null if just now. */
  countedAt: Date | null;
}

export interface ServiceView {
  /** Of the release that began it. */
  action: 'initial' | 'promote' | 'rollback';
  from: Date;
  /** null while it serves. */
  to: Date | null;
}

export interface VersionDetailView extends VersionRowView {
  baseId: string;
  baseSha256: string;
  /** Hashes by file; empty for the base, and for a version whose manifest was not kept. */
  files: Record<string, string>;
  imported: ImportedAdapter | null;
  retired: { at: Date; reason: string } | null;
  filesDeletedAt: Date | null;
  /** Whether it has a directory that can be downloaded. */
  hasFiles: boolean;
  bytes: number | null;
  children: VersionNameView[];
  run: { id: string; kind: 'train' | 'judge'; status: RunStatus; config: Record<string, unknown> } | null;
  experiments: { id: string; name: string; isCandidate: boolean; status: 'running' | 'stopped'; createdAt: Date }[];
  canaries: { id: string; phase: CanaryPhase; createdAt: Date; endedAt: Date | null }[];
  services: ServiceView[];
  examples: ExampleAnswers[];
  /** Why it cannot be retired now; null if it can. */
  inUse: 'base' | 'champion' | 'arm' | 'run' | null;
  /** Where a rollback would lead now. */
  isPrevious: boolean;
}
