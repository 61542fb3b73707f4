// The types that the procedures return, as pages and tests read them, without database types.
import type { ExampleAnswers, GateResult, ImportedAdapter } from '@/core/artifact/manifest';
import type { RunKind, RunStage, RunStatus, RunTrigger } from '@/core/contract';
import type { Choice, STRENGTHS } from '@/core/feedback/kinds';
import type { SelfGroups } from '@/core/groups';
import type { Statement } from '@/core/verdict';
import type { GivenView } from './feedback/views';
import type { NoticeView } from './rule/views';

export type GenerationStatus = 'running' | 'done' | 'stopped' | 'failed';
export type { RunStatus };

export interface SendResult {
  conversationId: string;
  userMessageId: string;
  answers: { messageId: string; generationId: string }[];
  /** Set when the message gets two answers for the person to choose from. */
  comparisonId: string | null;
  /** The conversation's consent to training. */
  allowTraining: boolean;
  /** The message as the model reads it. */
  text: string;
  /** What rules did to the message. */
  notices: NoticeView[];
}

export type StreamEvent =
  | { type: 'delta'; text: string }
  /** The whole visible text so far; the first event of every connection. */
  | { type: 'snapshot'; text: string }
  | {
      type: 'end';
      status: Exclude<GenerationStatus, 'running'>;
      finishReason: string | null;
      text: string;
      /** What rules did to it. */
      notices: NoticeView[];
    };

export interface AccountView {
  /** null until the person has chosen. */
  allowTraining: boolean | null;
  allowSignals: boolean;
  /** Their messages or answers are also checked by a server that the operator chose. */
  isCheckedOutside: boolean;
  /** What the person says of themselves. */
  groups: SelfGroups;
}

export interface ConversationListView {
  items: { id: string; title: string; updatedAt: Date }[];
  nextCursor: string | null;
}

/** A person's own live feedback on one thing, by kind. */
export interface MessageView {
  id: string;
  parentId: string | null;
  role: 'user' | 'assistant';
  content: string;
  createdAt: Date;
  /** The answer in whose place it was asked for. */
  replacesId: string | null;
  /** What rules did to it. */
  notices: NoticeView[];
  /** On this answer, or, under the person's message, on its answers together. */
  given: GivenView;
  generation: {
    id: string;
    status: GenerationStatus;
    finishReason: string | null;
    /** null while the answer is part of an undecided comparison, because people judge blind. */
    versionId: string | null;
    completionTokens: number;
    thumb: -1 | 1 | null;
    reasons: string[];
    comment: string | null;
    /** One sentence when the answer failed. */
    error: string | null;
  } | null;
}

export interface ComparisonView {
  id: string;
  leftMessageId: string;
  rightMessageId: string;
  source: 'side_by_side' | 'regenerate' | 'workplace';
  choice: Choice | null;
  strength: (typeof STRENGTHS)[number] | null;
  comment: string | null;
}

export interface ConversationView {
  id: string;
  title: string;
  allowTraining: boolean;
  messages: MessageView[];
  comparisons: ComparisonView[];
}

export interface TrainerView {
  alive: boolean;
  lastHeartbeat: Date | null;
  /** One sentence naming what the trainer needs, for example its native library. */
  lacks: string | null;
}

export interface RunView {
  id: string;
  kind: RunKind;
  /** The adapter from elsewhere that the run judges; null for a run that trains. */
  imported: ImportedAdapter | null;
  /** null for a run from the defaults. */
  preset: string | null;
  status: RunStatus;
  trigger: RunTrigger;
  parentVersionId: string;
  resultVersionId: string | null;
  snapshotId: string | null;
  stage: string | null;
  /** 0..1 inside the stage. */
  progress: number;
  secondsLeft: number | null;
  /** In English. */
  verdict: string | null;
  /** The same as data; null if it was not stored so. */
  statements: Statement[] | null;
  cancelRequested: boolean;
  attempt: number;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export interface RunPoint {
  stage: string;
  step: number;
  metrics: Record<string, number>;
}

export interface RunPlan {
  /** null ends with imitation. */
  algorithm: string | null;
  /** The stages that the run goes through. */
  stages: RunStage[];
  /** Nats per answer up to which a policy is kept. */
  klBudget: number;
  seed: number;
}

/** On what a run trained. */
export interface RunOriginView {
  /** `cpu` or `gpu`. */
  device: string;
  threads: number;
  /** Of the product's repository; null outside a checkout. */
  commit: string | null;
}

export interface RunDetailView extends RunView {
  config: Record<string, unknown>;
  /** null when this build does not understand the run's settings. */
  plan: RunPlan | null;
  /** Thinned out where a curve has more points than a chart can show. */
  metrics: RunPoint[];
  /** Of the version that it made; empty without one. */
  gates: GateResult[];
  examples: ExampleAnswers[];
  /** null before it has frozen its data, and after it was cancelled. */
  origin: RunOriginView | null;
}

/** A run that waits or trains. */
export interface QueuedRun
  extends Pick<RunView, 'id' | 'status' | 'trigger' | 'preset' | 'stage' | 'progress' | 'createdAt'> {
  algorithm: string | null;
  /** Seconds until it starts; null if it trains, or if it is not known how long those before it take. */
  startsIn: number | null;
  /** Seconds until it ends; null if not known. */
  endsIn: number | null;
}

export type RunEvent = { type: 'state'; run: RunView } | { type: 'points'; points: RunPoint[] };

export interface AuditView {
  items: {
    id: number;
    actorId: string | null;
    actorName: string | null;
    action: string;
    subject: string;
    /** null for what has no name, or is gone. */
    subjectName: string | null;
    detail: Record<string, unknown>;
    createdAt: Date;
  }[];
  nextCursor: number | null;
}

export interface HealthView {
  ok: boolean;
  database: boolean;
  engine: boolean;
}

export interface ApiKeyView {
  id: string;
  name: string;
  /** The first characters of the key. */
  prefix: string;
  allowTraining: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  requests: number;
  promptTokens: number;
  completionTokens: number;
}

export interface UsageView {
  /** UTC, `2025-01-31`. */
  day: string;
  requests: number;
  promptTokens: number;
  completionTokens: number;
}

/** A rater also works at /rate; an admin may do everything. */
export const ROLES = ['user', 'rater', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface UserView {
  id: string;
  name: string;
  email: string;
  role: Role;
  isGuest: boolean;
  createdAt: Date;
  /** Precise to the day, or to the last change of a conversation. */
  lastSeenAt: Date;
}

export interface UserListView {
  items: UserView[];
  nextCursor: number | null;
}
