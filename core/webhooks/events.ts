// Names the events that webhooks tell about.

/**
 * The database's triggers (drizzle/) write one delivery for each webhook in the transaction of the change: of a run that
 * ends, of a version that is published, of these acts of the audit log, and of a canary whose users are divided wrongly.
 */
export const WEBHOOK_EVENTS = [
  'run.ended',
  'version.accepted',
  'version.rejected',
  'canary.start',
  'canary.raise',
  'canary.promote',
  'canary.roll_back',
  'release.promote',
  'release.rollback',
  'alarm.sample_ratio',
  'alarm.engine_down',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Sent only to the webhook on whose button an admin has pressed. */
export const TEST_EVENT = 'test';
