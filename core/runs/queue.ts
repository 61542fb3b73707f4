// Foretells when the runs that wait will start, from how long each is expected to take.
export interface Waiting {
  isRunning: boolean;
  /** Seconds since it started; 0 for one that waits. */
  elapsed: number;
  /** Seconds that are left of its stage, as the trainer estimates; null while unknown. */
  stageLeft: number | null;
  /** Seconds for the whole run; null if no run like it has ended here. */
  expected: number | null;
}

export interface Foretold {
  /** null for a run that trains, or if it is not known how long those before it take. */
  startsIn: number | null;
  endsIn: number | null;
}

/** In the order of the queue: the trainer takes one after the other. */
export function foretell(queue: readonly Waiting[]): Foretold[] {
  let free: number | null = 0;
  return queue.map(({ isRunning, elapsed, stageLeft, expected }) => {
    const startsIn: number | null = isRunning ? null : free;
    // A run that takes longer than those before it has at least its stage left.
    const left = expected === null ? null : Math.max(expected - elapsed, stageLeft ?? 0, 0);
    const endsIn: number | null = left === null || free === null ? null : (isRunning ? 0 : free) + left;
    free = endsIn;
    return { startsIn, endsIn };
  });
}
