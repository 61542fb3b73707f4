// Decides whether a training run is due by itself, and says of each trigger what it waits for.
import type { RunTrigger } from '@/core/contract';
import type { TriggerSettings } from '@/core/settings';
import type { Drift } from './drift';

/** After a run that ended without a verdict, the next one waits this long, and for new feedback. */
const RETRY_HOURS = 1;
/** Drift lasts until another version serves: a rejected version must not start the next run at once. */
const DRIFT_HOURS = 24;
const HOUR_MS = 3_600_000;

export interface TriggerState {
  setting: TriggerSettings;
  now: Date;
  /** Feedback that no judged run has seen. */
  unused: number;
  hasLiveRun: boolean;
  /** The version that is on its way to users: a run that begins now would train from the one that it replaces. */
  candidateId: string | null;
  /** null where drift is no trigger, or was not looked at. */
  drift: Drift | null;
  /** null if there was no run before. */
  last: {
    requestedAt: Date;
    /** Whether its version was judged; false if the run failed or was cancelled. */
    isJudged: boolean;
    /** Unused feedback that came after the run was requested. */
    newSince: number;
  } | null;
}

/** A trigger that is on, whether it asks for a run, and the figures that decide. */
export type Condition = { isMet: boolean } & (
  | { trigger: 'feedback_count'; have: number; need: number }
  | { trigger: 'schedule'; every: 'day' | 'hours'; at: Date }
  | { trigger: 'drift'; drift: Drift | null; notBefore: Date | null }
);

/** What keeps every trigger from starting a run. */
export type Hindrance =
  | { code: 'live_run' }
  | { code: 'candidate'; versionId: string }
  | { code: 'no_feedback' }
  | { code: 'retry_feedback' }
  | { code: 'retry_time'; at: Date };

export interface TriggerDecision {
  due: Exclude<RunTrigger, 'button'> | null;
  conditions: Condition[];
  hindrances: Hindrance[];
}

export function decideTrigger(state: TriggerState): TriggerDecision {
  const conditions = conditionsOf(state);
  const hindrances = hindrancesOf(state);
  const met = conditions.find(({ isMet }) => isMet);
  return { due: met && hindrances.length === 0 ? met.trigger : null, conditions, hindrances };
}

function conditionsOf({ setting, now, unused, drift, last }: TriggerState): Condition[] {
  const { feedbackCount, scheduleHours, scheduleHour, onDrift } = setting;
  const found: Condition[] = [];
  if (feedbackCount !== null)
    found.push({ trigger: 'feedback_count', have: unused, need: feedbackCount, isMet: unused >= feedbackCount });
  if (scheduleHours !== null) {
    const at = last ? new Date(last.requestedAt.getTime() + scheduleHours * HOUR_MS) : now;
    found.push({ trigger: 'schedule', every: 'hours', at, isMet: at <= now });
  }
  if (scheduleHour !== null) {
    const passed = lastTime(now, scheduleHour);
    const isMet = !last || last.requestedAt < passed;
    const at = isMet ? passed : new Date(passed.getTime() + 24 * HOUR_MS);
    found.push({ trigger: 'schedule', every: 'day', at, isMet });
  }
  if (onDrift) {
    const notBefore = last && new Date(last.requestedAt.getTime() + DRIFT_HOURS * HOUR_MS);
    const isRested = notBefore === null || notBefore <= now;
    found.push({ trigger: 'drift', drift, notBefore, isMet: isRested && (drift?.hasDrifted ?? false) });
  }
  return found;
}

/** The last time that it was this hour, UTC. */
function lastTime(now: Date, hour: number): Date {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), hour);
  return new Date(today <= now.getTime() ? today : today - 24 * HOUR_MS);
}

function hindrancesOf({ now, unused, hasLiveRun, candidateId, last }: TriggerState): Hindrance[] {
  const found: Hindrance[] = [];
  if (hasLiveRun) found.push({ code: 'live_run' });
  if (candidateId !== null) found.push({ code: 'candidate', versionId: candidateId });
  if (unused === 0) found.push({ code: 'no_feedback' });
  if (last && !last.isJudged && !hasLiveRun) {
    const at = new Date(last.requestedAt.getTime() + RETRY_HOURS * HOUR_MS);
    if (last.newSince === 0) found.push({ code: 'retry_feedback' });
    if (now < at) found.push({ code: 'retry_time', at });
  }
  return found;
}
