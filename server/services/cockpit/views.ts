// The types that the procedures about the cockpit return, without database types.
import type { Loop } from '@/core/cockpit/loop';
import type { CanaryPhase } from '@/core/rollout/canary';
import type { Because } from '@/core/rollout/review';
import type { Interval } from '@/core/statistics/statistics';
import type { EngineStatus } from '@/engine/protocol';
import type { TrainerView } from '@/server/services/views';

export interface CountView {
  n: number;
  /** An estimate of Postgres, because the table is large. */
  isAbout: boolean;
}

export interface OverviewView {
  /** `previousId`: where a rollback leads; null if nothing that may serve again served before. */
  champion: { versionId: string; since: Date; previousId: string | null };
  engine: EngineStatus | null;
  trainer: TrainerView;
  counts: {
    users: CountView;
    conversations: CountView;
    generations: CountView;
    feedback: CountView;
    /** `isMore`: it was not counted further. */
    unusedFeedback: { n: number; isMore: boolean };
  };
  loop: Loop;
}

/** An answer of somebody who lets administrators read it. */
export interface SampleView {
  generationId: string;
  versionId: string;
  createdAt: Date;
  question: string;
  answer: string;
  thumb: 'up' | 'down' | null;
}

export interface TrialView {
  id: string;
  name: string;
  /** null where the arms differ by settings alone. */
  candidateVersionId: string | null;
  championVersionId: string;
  share: number;
  isRunning: boolean;
  createdAt: Date;
  stoppedAt: Date | null;
  canary: { phase: CanaryPhase; because: Because | null } | null;
  /** The candidate's share of decided comparisons at the last review. */
  sideBySide: (Interval & { value: number; people: number }) | null;
}

export interface RuleRateView {
  ruleId: string;
  name: string;
  /** Hits by day, oldest first; the last is today (UTC). */
  days: number[];
}

export interface RatersView {
  /** Who finished a task within a week. */
  active: number;
  openTasks: CountView;
  trusted: number;
  /** Whose votes count less than half by the evidence, or not at all by an administrator's word. */
  doubted: number;
}

export interface LiveView {
  samples: SampleView[];
  trials: TrialView[];
  rules: RuleRateView[];
  raters: RatersView;
}
