// The thread that renews a lease over its own connection. Plain JavaScript, so that it starts fast, without a compiler.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';

const { url, runId, owner, leaseSeconds, beatMs, mainSeenAt, silenceMs } = workerData;

/** Has the lease's condition, so that a beat from an owner that lost it changes nothing. */
const BEAT = `
  update training_run set lease_expires_at = now() + make_interval(secs => $3)
  where id = $1 and lease_owner = $2 and status = 'running' returning cancel_requested`;

let client = null;
let lastBeat = Date.now();

async function beat() {
  if (!client) {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 * leaseSeconds });
    client.on('error', () => undefined); // the next query fails with the error
    await client.connect();
  }
  const { rows } = await client.query(BEAT, [runId, owner, leaseSeconds]);
  lastBeat = Date.now();
  parentPort.postMessage(rows.length ? { type: 'beaten', isCancelled: rows[0].cancel_requested } : { type: 'lost' });
}

// A main thread that has not turned its event loop for this long is stuck, and another trainer may take its run.
const isMainAlive = () => Date.now() - Number(Atomics.load(mainSeenAt, 0)) < silenceMs;

while (isMainAlive()) {
  try {
    await beat();
  } catch (error) {
    // A short outage of the database does not lose the lease; an outage as long as a whole lease does.
    client?.end().catch(() => undefined);
    client = null;
    if (Date.now() - lastBeat > 1000 * leaseSeconds) parentPort.postMessage({ type: 'failed', message: error.message });
  }
  await sleep(beatMs);
}
