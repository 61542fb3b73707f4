// The types that the procedures about versions and their release return, without database types.
import type { ExampleAnswers, GateResult } from '@/core/artifact/manifest';
import type { VersionStatus } from '@/core/contract';
import type { CanaryPhase, CanarySettings } from '@/core/rollout/canary';
import type { ExperimentPlan, ExperimentVerdict, Needed, Reading } from '@/core/rollout/experiment';
import type { SettingsChange } from '@/core/rollout/layers';
import type { Progress } from '@/core/rollout/progress';
import type { Asked, GuardReading, Verdict } from '@/core/rollout/review';
import type { AdjustedReading, ForEverybody, LanguageReading, PastReading } from '@/server/rollout/experiment-reading';
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
  /** null where the arms differ in settings. */
  candidateVersionId: string | null;
  /** What the candidate's arm has in place of the product's settings; null where the arms differ in the version. */
  change: SettingsChange | null;
  /** Experiments of one layer have no user in common. */
  layer: string;
  /** Of the layer's users, 0..1. */
  segmentFrom: number;
  segmentTo: number;
  /** Share of the segment's users who get the candidate, 0..1. */
  share: number;
  shareSince: Date;
  /** null for a canary, and for an experiment that began before plans were kept. */
  plan: ExperimentPlan | null;
  needed: Needed | null;
  /** What decided it; null as long as nothing has. */
  decision: ExperimentVerdict | null;
  decidedAt: Date | null;
  status: 'running' | 'stopped';
  createdAt: Date;
  stoppedAt: Date | null;
}

/** Before the start. */
export interface ForecastView {
  /** Today's share of thumbs up; null without a thumb in the last two weeks, and where comparisons decide. */
  rate: number | null;
  /** People who vote on an average day and would take part. */
  perDay: number;
  /** null where one arm gets everybody. */
  needed: Needed | null;
  /** null if nobody votes. */
  days: number | null;
}

export interface ExperimentFindingsView {
  /** What decided it, or what is known so far. */
  verdict: ExperimentVerdict;
  /** Of now, also after a decision. */
  reading: Reading | null;
  /** Of the primary metric. */
  votes: number;
  /** Until about so many more people have voted; null where nobody can say. */
  days: number | null;
  guards: GuardReading[];
  /** People by the arm that they got first. */
  asked: Asked[];
  /** The primary metric over time, the oldest first. */
  past: PastReading[];
  /** Thumbs without what people's thumbs before the experiment foretell. */
  adjusted: AdjustedReading | null;
  forEverybody: Record<'champion' | 'candidate', ForEverybody | null>;
  languages: LanguageReading[];
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
  /** How much it had of what it waits for; null as long as the verdict, and for one that ended before this was kept. */
  progress: Progress | null;
  reviews: number;
  reviewedAt: Date | null;
  /** A person's words on the last thing that they did to it. */
  reason: string | null;
  isByProduct: boolean;
  createdAt: Date;
  endedAt: Date | null;
}

export interface ArmView {
  /** null where the arms differ in settings. */
  versionId: string | null;
  users: number;
  thumbs: RateView;
  /** Seen from this arm: a win is a comparison that this arm's answer won. */
  sideBySide: SideBySideView;
  /** How often its answers broke rules. */
  rules: RuleHits;
}

export interface ExperimentResultsView {
  experiment: ExperimentView;
  /** People who got an answer from their arm alone. */
  exposed: number;
  /** null for a canary, and for an experiment that began before plans were kept. */
  findings: ExperimentFindingsView | null;
  champion: ArmView;
  candidate: ArmView;
}

export interface ModelView {
  id: string;
  /** The version that it was trained from, or, for an alias, the version that it stands for. */
  parentId: string | null;
  createdAt: Date;
}
