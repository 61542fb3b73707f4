// Ends a process when the one that started it is gone, however early that was: every child loads this by `node --import`.
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 250;
/** What a process may take to end by itself. */
const GRACE_MS = 5000;

// `connected` is undefined in a process that was started without a channel, and false once the channel has closed.
if (isMainThread && process.connected !== undefined) {
  // A listener would keep a process alive that has done its work, and this timer does not.
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    setTimeout(() => process.exit(0), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS).unref();
}
