// Declares what web and trainer must agree on: the channels of NOTIFY, and the stages and states of a run.

/** The NOTIFY channels, each with what its payload names. */
export const CHANNELS = {
  /** A generation that has new text. */
  generation: 'generation',
  /** A generation that its reader wants to end. */
  stopGeneration: 'generation_stop',
  /** A version that the trainer has published. */
  versionPublished: 'version_published',
  /** The new champion. */
  release: 'release',
  /** The version of the rule set that a change has made. */
  rules: 'rules',
  /** A run that was asked for or is to be cancelled. */
  trainingRun: 'training_run',
  /** The name of an event of which a webhook is to tell. */
  webhook: 'webhook',
} as const;

/** The stages of a run in order, under the names that its progress and curves use. */
export const RUN_STAGES = ['snapshot', 'sft', 'reward_model', 'ppo', 'export', 'parity', 'publish'] as const;
export type RunStage = (typeof RUN_STAGES)[number];

/** `judge`: nothing is trained; the gates judge an adapter from elsewhere. */
export const RUN_KINDS = ['train', 'judge'] as const;
export type RunKind = (typeof RUN_KINDS)[number];
export const RUN_STATUSES = ['queued', 'running', 'done', 'rejected', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];
/** What asked for a run. */
export const RUN_TRIGGERS = ['button', 'feedback_count', 'schedule', 'drift'] as const;
export type RunTrigger = (typeof RUN_TRIGGERS)[number];
/** `imported`: brought in by an earlier release, which let no gate judge it. */
export const VERSION_STATUSES = ['accepted', 'rejected', 'imported'] as const;
export type VersionStatus = (typeof VERSION_STATUSES)[number];
/** A run that has not ended. */
export const LIVE_STATUSES = ['queued', 'running'] as const satisfies RunStatus[];
/** A run whose version the gates have judged: the feedback that it learnt from counts as used. */
export const JUDGED_STATUSES = ['done', 'rejected'] as const satisfies RunStatus[];
