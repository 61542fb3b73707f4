// Decides what each station of the loop says: its state, what it waits for, and what a person can do next.
import type { GateResult } from '../artifact/manifest';
import { LIVE_STATUSES, type RunStatus } from '../contract';
import { type CanaryPhase, isRamp, RAMP } from '../rollout/canary';
import type { Because } from '../rollout/review';

/** Enough for a first run: fewer votes seldom pass the gates. */
export const VOTES_FOR_A_RUN = 200;

export interface LoopFacts {
  votes: { unused: number; isMore: boolean; needed: number };
  /** The newest of each. */
  snapshot: { id: string; votes: number } | null;
  run: { id: string; status: RunStatus; stage: string | null; progress: number; secondsLeft: number | null } | null;
  /** Trained here. */
  version: { id: string; isAccepted: boolean; gates: GateResult[]; runId: string | null; hasBeenTried: boolean } | null;
  canary: {
    candidateVersionId: string;
    phase: CanaryPhase;
    isPaused: boolean;
    because: Because | null;
  } | null;
  /** `isFirst`: there is none to go back to. */
  champion: { versionId: string; isFirst: boolean };
  isTrainerAlive: boolean;
}

export const STATIONS = ['votes', 'snapshot', 'run', 'gates', 'canary', 'champion'] as const;
export type Station = (typeof STATIONS)[number];

/** `waits`: for what stands in the sentence; `busy`: something is under way; `bad`: it ended without a result. */
export type StationState = 'done' | 'busy' | 'waits' | 'bad';

/** What is so; pages have a sentence for each. */
export type StationSays =
  | `votes_${'missing' | 'enough' | 'many'}`
  | `snapshot${'' | '_none'}`
  | `run_${'none' | 'no_trainer' | RunStatus}`
  | `gates_${'wait' | 'none' | 'passed' | 'failed'}`
  | `canary_${'paused' | 'runs' | 'ready' | 'none' | 'promoted' | 'rolled_back'}`
  | 'champion';

export interface StationView {
  state: StationState;
  says: StationSays;
  values: Record<string, string | number>;
  /** What a person can do, as a code; null if there is nothing to do. */
  act: 'chat' | 'open' | 'start_run' | 'why' | 'start_canary' | 'steer' | 'roll_back' | null;
  /** Where its rows are; null before there are any. */
  href: string | null;
}

export type Loop = Record<Station, StationView>;

const isLive = (status: RunStatus) => LIVE_STATUSES.some((live) => live === status);

export const loopOf = (facts: LoopFacts): Loop => ({
  votes: votesOf(facts),
  snapshot: snapshotOf(facts),
  run: runOf(facts),
  gates: gatesOf(facts),
  canary: canaryOf(facts),
  champion: {
    state: 'done',
    says: 'champion',
    values: { version: facts.champion.versionId },
    act: facts.champion.isFirst ? null : 'roll_back',
    href: versionPage(facts.champion.versionId),
  },
});

const versionPage = (id: string) => `/admin/versions/${encodeURIComponent(id)}`;
const runPage = (id: string) => `/admin/runs/${id}`;

function votesOf({ votes: { unused, isMore, needed } }: LoopFacts): StationView {
  const missing = Math.max(0, needed - unused);
  const says = missing > 0 ? 'votes_missing' : isMore ? 'votes_many' : 'votes_enough';
  const act = unused === 0 ? 'chat' : 'open';
  return {
    state: missing > 0 ? 'waits' : 'done',
    says,
    values: { unused, needed, missing },
    act,
    href: '/admin/feedback',
  };
}

function snapshotOf({ snapshot }: LoopFacts): StationView {
  if (!snapshot) return { state: 'waits', says: 'snapshot_none', values: {}, act: null, href: null };
  const { id, votes } = snapshot;
  return { state: 'done', says: 'snapshot', values: { votes }, act: 'open', href: `/admin/snapshots/${id}` };
}

function runOf({ run, isTrainerAlive }: LoopFacts): StationView {
  if (!run) return { state: 'waits', says: 'run_none', values: {}, act: 'start_run', href: null };
  const href = runPage(run.id);
  const values = { stage: run.stage ?? '', progress: run.progress, seconds: run.secondsLeft ?? -1 };
  if (run.status === 'queued') {
    const says = isTrainerAlive ? 'run_queued' : 'run_no_trainer';
    return { state: isTrainerAlive ? 'busy' : 'bad', says, values, act: 'open', href };
  }
  if (run.status === 'running') return { state: 'busy', says: 'run_running', values, act: 'open', href };
  const isBad = run.status === 'failed' || run.status === 'cancelled';
  return { state: isBad ? 'bad' : 'done', says: `run_${run.status}`, values, act: 'start_run', href };
}

function gatesOf({ run, version }: LoopFacts): StationView {
  if (run && isLive(run.status))
    return { state: 'waits', says: 'gates_wait', values: {}, act: null, href: runPage(run.id) };
  if (!version) return { state: 'waits', says: 'gates_none', values: {}, act: null, href: null };
  const { id, gates, isAccepted, runId } = version;
  const failed = gates.filter(({ passed }) => !passed);
  const values = { version: id, passed: gates.length - failed.length, of: gates.length };
  const href = runId ? runPage(runId) : versionPage(id);
  return isAccepted
    ? { state: 'done', says: 'gates_passed', values, act: 'open', href }
    : { state: 'bad', says: 'gates_failed', values, act: 'why', href };
}

function canaryOf({ canary, version, champion }: LoopFacts): StationView {
  const href = '/admin/rollout';
  if (canary && isRamp(canary.phase)) {
    const values = { version: canary.candidateVersionId, share: RAMP[canary.phase], because: canary.because ?? '' };
    return canary.isPaused
      ? { state: 'waits', says: 'canary_paused', values, act: 'steer', href }
      : { state: 'busy', says: 'canary_runs', values, act: 'steer', href };
  }
  const isNext = version?.isAccepted && version.id !== champion.versionId && !version.hasBeenTried;
  if (version && isNext)
    return { state: 'waits', says: 'canary_ready', values: { version: version.id }, act: 'start_canary', href };
  if (!canary) return { state: 'waits', says: 'canary_none', values: {}, act: null, href: null };
  const values = { version: canary.candidateVersionId, because: canary.because ?? '' };
  return canary.phase === 'promoted'
    ? { state: 'done', says: 'canary_promoted', values, act: 'open', href }
    : { state: 'bad', says: 'canary_rolled_back', values, act: 'why', href };
}
