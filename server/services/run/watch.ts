// Follows a run: its state and its points as they change.
import { asc, sql } from 'drizzle-orm';
import { thinOut } from '@/core/runs/thin-out';
import { runMetric } from '@/db/schema';
import type { Product } from '../product';
import type { RunEvent, RunPoint } from '../views';
import { find, view } from './run';

const POLL_MS = 1000;
/** Metrics are written in transactions, so a point may become visible this long after its own time. */
const OVERLAP_SECONDS = 10;

/** State and points as they change; every connection starts from the first point. Ends with the run. */
export async function* watch(
  { db }: Product,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<{ id: string; event: RunEvent }> {
  const sent = new Map<string, string>();
  let state = '';
  let events = 0;
  let since = '-infinity';
  while (!signal.aborted) {
    const run = view(await find(db, id));
    const fresh = await db
      .select({
        stage: runMetric.stage,
        step: runMetric.step,
        metrics: runMetric.metrics,
        at: sql<string>`${runMetric.createdAt}::text`,
      })
      .from(runMetric)
      .where(
        sql`${runMetric.runId} = ${id} and ${runMetric.createdAt} > ${since}::timestamptz - make_interval(secs => ${OVERLAP_SECONDS})`,
      )
      .orderBy(asc(runMetric.createdAt), asc(runMetric.step));
    const points: RunPoint[] = [];
    for (const { at, ...point } of fresh) {
      const key = `${point.stage} ${point.step}`;
      if (sent.get(key) === at) continue;
      sent.set(key, at);
      points.push(point);
      since = at;
    }
    if (points.length > 0) yield { id: String(++events), event: { type: 'points', points: thinOut(points) } };
    if (JSON.stringify(run) !== state) {
      state = JSON.stringify(run);
      yield { id: String(++events), event: { type: 'state', run } };
    }
    if (run.status !== 'queued' && run.status !== 'running') return;
    await pause(POLL_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
