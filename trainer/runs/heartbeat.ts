// Keeps a lease alive from a separate thread: a native step blocks the main thread's event loop, but not this one's.
import { Worker } from 'node:worker_threads';

interface HeartbeatOptions {
  url: string;
  runId: string;
  owner: string;
  leaseSeconds: number;
  beatMs: number;
}

export type Beat = { type: 'beaten'; isCancelled: boolean } | { type: 'lost' } | { type: 'failed'; message: string };

/** A main thread that is silent for this long is stuck; no native step takes minutes. */
const SILENCE_MS = 10 * 60_000;

/** `onBeat` runs on the main thread, and so between native steps. Returns a function that stops the heartbeat. */
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
