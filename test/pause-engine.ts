// Pauses an engine in the middle of an answer, for tests of what happens meanwhile.
import { setTimeout } from 'node:timers/promises';

const RUNS_MS = 5;
const STANDS_MS = 20;

/**
 * Pauses an engine process as soon as an answer has begun. Until then it runs in short bursts, because the tiny model
 * finishes an answer so fast that the reader on a busy machine might notice its beginning only after its end.
 */
export async function pauseOnceBegun(pid: number, begun: Promise<unknown>): Promise<void> {
  let hasBegun = false;
  const waiting = begun.finally(() => {
    hasBegun = true;
  });
  while (!hasBegun) {
    process.kill(pid, 'SIGCONT');
    await setTimeout(RUNS_MS);
    process.kill(pid, 'SIGSTOP');
    await setTimeout(STANDS_MS);
  }
  await waiting;
}
