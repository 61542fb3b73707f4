// Keeps a lease alive from a thread of its own: a native step holds the main thread's event loop, not this one's.
import { Worker } from 'node:worker_threads';

interface HeartbeatOptions {
  url: string;
  runId: string;
  owner: string;
  leaseSeconds: number;
  beatMs: number;
}

export type Beat = { type: 'beaten'; isCancelled: boolean } | { type: 'lost' } | { type: 'failed'; message: string };

/** A main thread silent for so long is stuck; no native step takes minutes. */
const SILENCE_MS = 10 * 60_000;

/** `onBeat` runs on the main thread, so between native steps. Returns the way to stop. */
export function startHeartbeat(options: HeartbeatOptions, onBeat: (beat: Beat) => void): () => void {
  const mainSeenAt = new BigInt64Array(new SharedArrayBuffer(8));
  const see = () => Atomics.store(mainSeenAt, 0, BigInt(Date.now()));
  see();
  const timer = setInterval(see, options.beatMs);
  const thread = new Worker(new URL('./heartbeat-thread.mjs', import.meta.url), {
    workerData: { ...options, mainSeenAt, silenceMs: SILENCE_MS },
    execArgv: [], // no compiler: plain JavaScript
  });
  thread.on('message', onBeat);
  thread.on('error', (error) => onBeat({ type: 'failed', message: error.message }));
  thread.unref();
  return () => {
    clearInterval(timer);
    void thread.terminate();
  };
}
