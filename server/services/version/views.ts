// The types that the procedures about versions and their release return, without database types.
import type { ExampleAnswers, GateResult } from '@/core/artifact/manifest';
import type { VersionStatus } from '@/core/contract';
import type { CanaryPhase, CanarySettings } from '@/core/rollout/canary';
import type { Verdict } from '@/core/rollout/review';
import type { RateView, SideBySideView } from '@/server/rollout/metrics';
import type { RuleHits } from '@/server/rollout/rule-hits';

/** null where fewer than five people voted. */
export interface CrowdView {
  atLeastVotes: number | null;
  atLeastPeople: number | null;
}

/** What a public page may say about a version. */
export interface ChangeView {
  id: string;
  parentId: string | null;
  status: VersionStatus;
  createdAt: Date;
  /** Without their notes, which may name rules. */
  gates: GateResult[];
  /** null for a version that was not trained here. */
  crowd: CrowdView | null;
  /** Answers to questions of the product's own; empty if none were kept. */
  examples: ExampleAnswers[];
  /** It answered everyone, then or now. */
  isServed: boolean;
  isChampion: boolean;
}

export interface ExperimentView {
  id: string;
  name: string;
  championVersionId: string;
  candidateVersionId: string;
  /** Share of the users who get the candidate, 0..1. */
  share: number;
  status: 'running' | 'stopped';
  createdAt: Date;
  stoppedAt: Date | null;
}

export interface CanaryView {
  id: string;
  experimentId: string;
  candidateVersionId: string;
  championVersionId: string;
  phase: CanaryPhase;
  phaseSince: Date;
  isPaused: boolean;
  settings: CanarySettings;
  /** What the last review found; null before the first. */
  verdict: Verdict | null;
  reviews: number;
  reviewedAt: Date | null;
  /** A person's words on the last thing that they did to it. */
  reason: string | null;
  isByProduct: boolean;
  createdAt: Date;
  endedAt: Date | null;
}

export interface ArmView {
  versionId: string;
  users: number;
  thumbs: RateView;
  /** Seen from this arm: a win is a comparison that this arm's answer won. */
  sideBySide: SideBySideView;
  /** How often its answers broke rules. */
  rules: RuleHits;
}

export interface ExperimentResultsView {
  experiment: ExperimentView;
  champion: ArmView;
  candidate: ArmView;
}

export interface ModelView {
  id: string;
  /** The version that it was trained from, or, for an alias, the version that it stands for. */
  parentId: string | null;
  createdAt: Date;
}
