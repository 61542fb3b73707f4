// Training runs for the admin: starts, watches and cancels them; the trainer does the work.
import { desc, eq, sql } from 'drizzle-orm';
import { parseConfig, policyConfigOf } from '@/core/config/presets';
import { RUN_STAGES, type RunKind, type RunStage } from '@/core/contract';
import { AttuneError, toAttuneError } from '@/core/errors';
import { type Statement, sayVerdict } from '@/core/verdict';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { announceRun, countLiveRuns, lockRuns, queueRun, type RunRow } from '@/db/runs/queue';
import { trainingRun, version } from '@/db/schema';
import type { Product } from '../product';
import type { RunDetailView, RunPlan, RunView } from '../views';
import { requireStartable } from './check';
import { readOrigin } from './origin';
import { readPoints } from './points';

const CANCELLED: Statement[] = [{ code: 'cancelled_early' }];
const EARLY = { verdict: sayVerdict(CANCELLED), statements: CANCELLED };
const MOST_LIVE = 10;

export async function list({ db }: Product): Promise<RunView[]> {
  return (await db.select().from(trainingRun).orderBy(desc(trainingRun.createdAt)).limit(200)).map(view);
}

export async function get(product: Product, id: string): Promise<RunDetailView> {
  const { db } = product;
  const row = await find(db, id);
  const [made] = await db
    .select({ gates: version.gates, manifest: version.manifest })
    .from(version)
    .where(eq(version.id, row.resultVersionId ?? ''));
  return {
    ...{ ...view(row), config: row.config, plan: planOf(row.config, row.kind), metrics: await readPoints(db, id) },
    ...{ gates: made?.gates ?? [], examples: made?.manifest?.examples ?? [] },
    origin: await readOrigin(product, id),
  };
}

/** The trainer takes runs one after the other; each starts from the version that serves by then. */
export async function start({ db }: Product, actorId: string, config: Record<string, unknown>): Promise<RunView> {
  await requireStartable(db, config);
  return db.transaction(async (tx) => {
    await lockRuns(tx);
    const live = await countLiveRuns(tx);
    if (live >= MOST_LIVE)
      throw new AttuneError('CONFLICT', `${live} runs wait or train already, the most there may be; cancel one first.`);
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

export async function find(db: Executor, id: string): Promise<RunRow> {
  const [row] = await db.select().from(trainingRun).where(eq(trainingRun.id, id));
  if (!row) throw new AttuneError('NOT_FOUND', `There is no run ${id}.`);
  return row;
}

/** Imitation and policy optimisation are optional. */
export function planOf(asked: Record<string, unknown>, kind: RunKind): RunPlan | null {
  try {
    const settings = parseConfig(asked);
    // Nothing is trained but the reward model, by which the gates judge.
    const { algorithm, sft } = kind === 'judge' ? { algorithm: null, sft: null } : settings;
    const { klBudget, seed } = policyConfigOf(settings);
    const isLeftOut = { sft: sft === null, ppo: algorithm === null } as Partial<Record<RunStage, boolean>>;
    return { algorithm, stages: RUN_STAGES.filter((stage) => !isLeftOut[stage]), klBudget, seed };
  } catch (error) {
    if (toAttuneError(error).code === 'BAD_INPUT') return null; // settings that only another release accepts
    throw error;
  }
}

export function view({ config, requestedBy, leaseOwner, leaseExpiresAt, ...row }: RunRow): RunView {
  return { ...row, preset: typeof config.preset === 'string' ? config.preset : null };
}
