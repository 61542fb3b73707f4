// Runs a stage that is interrupted after its checkpoints again and again until it ends, as if processes were killed.
import { expect } from 'vitest';
import { type CheckpointStore, directoryCheckpoints } from '@/trainer/runs/checkpoint';

interface Attempt<State> {
  checkpoints: CheckpointStore<State>;
  signal: AbortSignal;
}

const MOST_RUNS = 60;

/** Aborts after every `every`th checkpoint, counted over all runs. Attempts may share only what outlives a process. */
export async function runInterrupted<State, Result>(
  { directory, stage, every = 1 }: { directory: string; stage: string; every?: number },
  attempt: (interrupted: Attempt<State>) => Promise<Result>,
): Promise<{ result: Result; runs: number }> {
  const store = directoryCheckpoints<State>(directory, stage);
  let writes = 0;
  for (let runs = 1; runs < MOST_RUNS; runs++) {
    const controller = new AbortController();
    const checkpoints: CheckpointStore<State> = {
      read: store.read,
      write: async (checkpoint) => {
        await store.write(checkpoint);
        if (++writes % every === 0) controller.abort();
      },
    };
    try {
      return { result: await attempt({ checkpoints, signal: controller.signal }), runs };
    } catch (error) {
      expect((error as Error).name).toBe('AbortError');
    }
  }
  throw new Error(`The stage did not end within ${MOST_RUNS} runs.`);
}
