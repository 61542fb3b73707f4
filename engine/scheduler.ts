// Decides which sequences compute in the next tick and for how many steps: token counts in, plan out.

export interface SchedulerLimits {
  /** Sequences computed together in one tick. */
  maxRows: number;
  /** Live requests beyond `maxRows` that may wait; the next one is refused. */
  maxWaiting: number;
  /** Prompt tokens that join in one tick; the first prompt in line joins whatever its length, chunk by chunk. */
  maxPrefillTokens: number;
  /** Tokens of the one long prompt that a tick reads while other rows run; running answers pause for that time. */
  chunkTokens: number;
  /** Tokens of keys and values held at once, counted as if every running completion reached its maximum length. */
  maxCachedTokens: number;
  /**
   * Tokens per run: when no request waits or only one runs; when a person reads; when one waits; when a prompt just
   * joined.
   */
  steps: { batch: number; interactive: number; queued: number; joining: number };
}

export const DEFAULT_LIMITS: SchedulerLimits = {
  maxRows: 16,
  maxWaiting: 64,
  maxPrefillTokens: 512,
  chunkTokens: 256,
  maxCachedTokens: 16_384,
  steps: { batch: 8, interactive: 4, queued: 4, joining: 1 },
};

/** What the scheduler sees of a sequence. Lists of them are in order of arrival. */
export interface Schedulable {
  readonly priority: 'interactive' | 'batch';
  /** False while its adapter is still being read. */
  readonly isReady: boolean;
  /** Keys and values exist, so a tick costs one token per step. */
  readonly hasCache: boolean;
  /** Tokens that a run must read before it makes the first new one. */
  readonly pendingTokens: number;
  /** Prompt plus longest completion. */
  readonly longestTokens: number;
}

export interface ScoreJob {
  readonly isReady: boolean;
  readonly totalTokens: number;
}

export interface Plan<S, J> {
  rows: S[];
  steps: number;
  /** Most prompt tokens that a row reads in this tick. */
  chunkTokens: number;
  scores: J[];
}

/** True when one more request would exceed the queue. */
export const isFull = (live: number, limits: SchedulerLimits) => live >= limits.maxRows + limits.maxWaiting;

/**
 * Interactive sequences go before batch ones; within each, those that already run go before those that wait, in order
 * of arrival. A batch sequence that loses its row keeps its cache and continues when a row is free, so there are at
 * most 2 * maxRows caches. A prompt that does not fit holds back those after it, so that long ones are not overtaken
 * forever.
 */
export function schedule<S extends Schedulable, J extends ScoreJob>(
  sequences: readonly S[],
  scores: readonly J[],
  limits: SchedulerLimits,
): Plan<S, J> {
  const ready = sequences.filter((sequence) => sequence.isReady);
  let cachedTokens = sum(ready.filter((s) => s.hasCache).map((s) => s.longestTokens));
  let prefillTokens = 0;
  let isClosed = false;
  let hasLongPrompt = false;
  const rows: S[] = [];
  for (const sequence of inOrder(ready)) {
    if (rows.length === limits.maxRows) break;
    const isReading = sequence.pendingTokens > 1 || !sequence.hasCache;
    const isLong = isReading && (sequence.hasCache || sequence.pendingTokens > limits.chunkTokens);
    const readTokens = isReading ? Math.min(sequence.pendingTokens, limits.chunkTokens) : 0;
    if (isLong && hasLongPrompt) {
      isClosed ||= !sequence.hasCache;
      continue;
    }
    if (!sequence.hasCache) {
      const fitsTick = prefillTokens === 0 || prefillTokens + readTokens <= limits.maxPrefillTokens;
      const fitsMemory = cachedTokens === 0 || cachedTokens + sequence.longestTokens <= limits.maxCachedTokens;
      isClosed ||= !fitsTick || !fitsMemory;
      if (isClosed) continue;
      cachedTokens += sequence.longestTokens;
    }
    hasLongPrompt ||= isLong;
    prefillTokens += readTokens;
    rows.push(sequence);
  }
  const { batch, interactive, queued, joining } = limits.steps;
  // A single answer comes fast enough to be read in longer pieces, and each run has some two milliseconds of overhead.
  const isRead = rows.length > 1 && rows.some((row) => row.priority === 'interactive');
  const isWaitedFor = rows.length < ready.length;
  const steps = prefillTokens > 0 ? joining : isWaitedFor ? queued : isRead ? interactive : batch;
  // A prompt that is read alone makes no other answer pause.
  const chunkTokens = rows.length === 1 ? Math.max(limits.chunkTokens, limits.maxPrefillTokens) : limits.chunkTokens;
  return { rows, steps, chunkTokens, scores: takeScores(scores, ready, limits) };
}

function inOrder<S extends Schedulable>(ready: readonly S[]): S[] {
  const rank = (s: S) => (s.priority === 'interactive' ? 0 : 2) + (s.hasCache ? 0 : 1);
  return [...ready].sort((a, b) => rank(a) - rank(b)); // stable: arrival breaks ties
}

/** One job per tick while a person waits for tokens, else as many as a prefill may hold. */
function takeScores<J extends ScoreJob>(scores: readonly J[], ready: readonly Schedulable[], limits: SchedulerLimits) {
  const maxJobs = ready.some((s) => s.priority === 'interactive') ? 1 : limits.maxRows;
  const taken: J[] = [];
  let tokens = 0;
  for (const job of scores) {
    if (!job.isReady) continue;
    if (taken.length === maxJobs || (tokens > 0 && tokens + job.totalTokens > limits.maxPrefillTokens)) break;
    taken.push(job);
    tokens += job.totalTokens;
  }
  return taken;
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
