// Ends a process when its parent is gone, however early that happens: every child loads this with `node --import`.
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 250;
/** How long a process may take to end on its own. */
const GRACE_MS = 5000;

// `connected` is undefined in a process that was started without a channel, and false once the channel has closed.
if (isMainThread && process.connected !== undefined) {
  // A listener would keep a process alive after its work is done; this timer does not.
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    setTimeout(() => process.exit(0), GRACE_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS).unref();
}
