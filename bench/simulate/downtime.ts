// Watches a product from outside: how long it could not answer, by a probe of its readiness and by everybody's requests.
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 250;

export interface Downtime {
  /** From the last request that succeeded before each failure to the first one after it, summed. */
  downtimeMs: number;
  failedRequests: number;
  requests: number;
}

export function watchDowntime(url: string) {
  const seen: Downtime = { downtimeMs: 0, failedRequests: 0, requests: 0 };
  let lastGood = performance.now();
  let isDown = false;
  let isClosed = false;
  const note = (isGood: boolean) => {
    const now = performance.now();
    seen.requests++;
    if (!isGood) {
      seen.failedRequests++;
      isDown = true;
      return;
    }
    if (isDown) seen.downtimeMs += now - lastGood;
    isDown = false;
    lastGood = now;
  };
  const probing = (async () => {
    while (!isClosed) {
      note(
        await fetch(`${url}/api/ready`).then(
          (response) => response.ok,
          () => false,
        ),
      );
      await sleep(EVERY_MS);
    }
  })();
  return {
    /** Counts a request of a person, and passes its result or error on. */
    async watch<T>(request: Promise<T>): Promise<T> {
      return request.then(
        (value) => {
          note(true);
          return value;
        },
        (error: unknown) => {
          note(false);
          throw error;
        },
      );
    },
    async close(): Promise<Downtime> {
      isClosed = true;
      await probing;
      if (isDown) seen.downtimeMs += performance.now() - lastGood;
      return { ...seen, downtimeMs: Math.round(seen.downtimeMs) };
    },
  };
}
