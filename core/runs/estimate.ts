// Estimates how long a run will take from runs that have ended on this machine.
export interface PastRun {
  /** null for a run from the defaults. */
  preset: string | null;
  /** The settings without seeds, as one text that equal settings share. */
  settings: string;
  /** Rows of feedback in its snapshot. */
  examples: number;
  seconds: number;
}

export interface Estimate {
  seconds: number;
  /** As far as the runs that it is taken from were off; equal to `seconds` for a single one. */
  low: number;
  high: number;
  /** The number of runs, and whether they had these very settings or only the preset. */
  runs: number;
  basis: 'settings' | 'preset';
}

/** Older runs may be from an older release or a busier time. */
const MOST_RUNS = 10;
/** A line through fewer runs would follow chance. */
const LEAST_FOR_LINE = 3;

/** `past` is newest first. null if no run had the settings or at least the preset. */
export function estimateSeconds(past: readonly PastRun[], asked: Omit<PastRun, 'seconds'>): Estimate | null {
  const same = past.filter(({ settings }) => settings === asked.settings);
  const basis = same.length > 0 ? 'settings' : 'preset';
  const runs = (same.length > 0 ? same : past.filter(({ preset }) => preset === asked.preset)).slice(0, MOST_RUNS);
  if (runs.length === 0) return null;
  const secondsFor = fitOf(runs);
  const seconds = secondsFor(asked.examples);
  const ratios = runs.map((run) => run.seconds / Math.max(1e-9, secondsFor(run.examples)));
  return {
    ...{ seconds, runs: runs.length, basis },
    low: seconds * Math.min(1, ...ratios),
    high: seconds * Math.max(1, ...ratios),
  };
}

/** Least squares in the number of examples where it rises with them, or the median: a run has fixed costs and no fewer. */
function fitOf(runs: readonly PastRun[]): (examples: number) => number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const middle = median(runs.map(({ seconds }) => seconds));
  if (runs.length < LEAST_FOR_LINE) return () => middle;
  const x = mean(runs.map(({ examples }) => examples));
  const y = mean(runs.map(({ seconds }) => seconds));
  const spread = mean(runs.map(({ examples }) => (examples - x) ** 2));
  const slope = spread > 0 ? mean(runs.map((run) => (run.examples - x) * (run.seconds - y))) / spread : 0;
  // More examples never take less time, and no examples never less than none.
  if (slope <= 0 || y - slope * x < 0) return () => middle;
  return (examples) => y + slope * (examples - x);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}
