// Training runs for the admin: starts, watches and cancels them; the trainer does the work.
import { asc, desc, eq, sql } from 'drizzle-orm';
import { parseConfig } from '@/core/config/presets';
import { RUN_STAGES, type RunStage } from '@/core/contract';
import { AttuneError, toAttuneError } from '@/core/errors';
import { type Statement, sayVerdict } from '@/core/verdict';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { announceRun, findLiveRun, lockRuns, queueRun, type RunRow } from '@/db/run-queue';
import { runMetric, trainingRun } from '@/db/schema';
import type { Product } from './product';
import type { RunDetailView, RunEvent, RunPlan, RunPoint, RunView } from './views';

const POLL_MS = 1000;
/** Metrics are written in transactions, so a point may become visible this long after its own time. */
const OVERLAP_SECONDS = 10;
const CANCELLED: Statement[] = [{ code: 'cancelled_early' }];
const EARLY = { verdict: sayVerdict(CANCELLED), statements: CANCELLED };
const MAX_CONFIG_BYTES = 16 * 1024;

export async function list({ db }: Product): Promise<RunView[]> {
  return (await db.select().from(trainingRun).orderBy(desc(trainingRun.createdAt)).limit(200)).map(view);
}

export async function get({ db }: Product, id: string): Promise<RunDetailView> {
  const row = await find(db, id);
  const metrics = await db
    .select({ stage: runMetric.stage, step: runMetric.step, metrics: runMetric.metrics })
    .from(runMetric)
    .where(eq(runMetric.runId, id))
    .orderBy(asc(runMetric.createdAt), asc(runMetric.step));
  return { ...view(row), config: row.config, plan: planOf(row.config), metrics };
}

export async function start({ db }: Product, actorId: string, config: Record<string, unknown>): Promise<RunView> {
  const bytes = Buffer.byteLength(JSON.stringify(config));
  if (bytes > MAX_CONFIG_BYTES) {
    throw new AttuneError('BAD_INPUT', `The configuration has ${bytes} bytes; the limit is ${MAX_CONFIG_BYTES}.`);
  }
  parseConfig(config); // the trainer would refuse it later, on a page that waits for measurements
  return db.transaction(async (tx) => {
    await lockRuns(tx);
    const live = await findLiveRun(tx);
    if (live) throw new AttuneError('CONFLICT', `Run ${live.id} is ${live.status}; wait for it to end, or cancel it.`);
    return view(await queueRun(tx, { trigger: 'button', requestedBy: actorId, config }));
  });
}

/** A queued run ends at once; a running one ends when its trainer gets the request. */
export async function cancel({ db }: Product, actorId: string, id: string): Promise<RunView> {
  return db.transaction(async (tx) => {
    const [row] = await tx.select().from(trainingRun).where(eq(trainingRun.id, id)).for('update');
    if (!row) throw new AttuneError('NOT_FOUND', `There is no run ${id}.`);
    if (row.status !== 'queued' && row.status !== 'running') {
      throw new AttuneError('CONFLICT', `Run ${id} has already ended (${row.status}).`);
    }
    const isQueued = row.status === 'queued';
    const [changed] = await tx
      .update(trainingRun)
      .set({
        cancelRequested: true,
        ...(isQueued && { status: 'cancelled', ...EARLY, finishedAt: sql`now()` }),
      })
      .where(eq(trainingRun.id, id))
      .returning();
    await recordAudit(tx, actorId, 'run.cancel', id, { was: row.status });
    await announceRun(tx, id);
    return view(changed!);
  });
}

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
    if (points.length > 0) yield { id: String(++events), event: { type: 'points', points } };
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

async function find(db: Executor, id: string): Promise<RunRow> {
  const [row] = await db.select().from(trainingRun).where(eq(trainingRun.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no run ${id}.`);
  return row;
}

/** Imitation and policy optimisation are optional. */
function planOf(asked: Record<string, unknown>): RunPlan | null {
  try {
    const { algorithm, sft } = parseConfig(asked);
    const isLeftOut = { sft: sft === null, ppo: algorithm === null } as Partial<Record<RunStage, boolean>>;
    return { algorithm, stages: RUN_STAGES.filter((stage) => !isLeftOut[stage]) };
  } catch (error) {
    if (toAttuneError(error).code === 'BAD_INPUT') return null; // settings that only another release accepts
    throw error;
  }
}

function view({ config, requestedBy, leaseOwner, leaseExpiresAt, ...row }: RunRow): RunView {
  return row;
}
