// An engine that stands still in the middle of an answer, for tests of what happens meanwhile.
import { setTimeout } from 'node:timers/promises';

const RUNS_MS = 5;
const STANDS_MS = 20;

/**
 * Stops an engine process as soon as an answer has begun, letting it run a little at a time until then: the tiny one is done
 * with a whole answer in a moment, which a busy machine may well hold its reader up for.
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
