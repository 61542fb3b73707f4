// A training run's row under a lease: claim, heartbeat, progress, metrics and end; each write checks the owner.
import { setTimeout as sleep } from 'node:timers/promises';
import { and, asc, eq, lt, or, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import type { RunStage } from '@/core/contract';
import { AttuneError, toAttuneError } from '@/core/errors';
import type { Statement } from '@/core/verdict';
import type { Database, Executor } from '@/db/client';
import { isDatabaseAway } from '@/db/failure';
import { release, trainingRun } from '@/db/schema';
import { type Beat, startHeartbeat } from './heartbeat';
import type { RunSink } from './store';

export type TrainingRun = typeof trainingRun.$inferSelect;
/** Columns to change: values, or expressions over the old values. */
export type RunChange = PgUpdateSetSource<typeof trainingRun>;
export type EndStatus = 'done' | 'rejected' | 'failed' | 'cancelled';

export interface LeaseTimes {
  leaseSeconds: number;
  beatMs: number;
}
export const LEASE_TIMES: LeaseTimes = { leaseSeconds: 90, beatMs: 5000 };

/** Attempts at one write before the run fails; one beat apart, they take half a lease. */
const MOST_FAILED_WRITES = 10;

const expiry = (seconds: number) => sql`now() + make_interval(secs => ${seconds})`;

/** Claims the oldest queued run, or a running one whose owner has stopped beating; null if there is no work. */
export async function claimRun(db: Database, owner: string, times = LEASE_TIMES): Promise<TrainingRun | null> {
  const next = db
    .select({ id: trainingRun.id })
    .from(trainingRun)
    .where(
      or(
        eq(trainingRun.status, 'queued'),
        and(eq(trainingRun.status, 'running'), lt(trainingRun.leaseExpiresAt, sql`now()`)),
      ),
    )
    .orderBy(asc(trainingRun.createdAt))
    .limit(1)
    .for('update', { skipLocked: true });
  const [run] = await db
    .update(trainingRun)
    .set({
      status: 'running',
      leaseOwner: owner,
      leaseExpiresAt: expiry(times.leaseSeconds),
      // A trainer that claims its own run again did not die over it: the database was away.
      attempt: sql`${trainingRun.attempt} + case when ${trainingRun.leaseOwner} = ${owner} then 0 else 1 end`,
      startedAt: sql`coalesce(${trainingRun.startedAt}, now())`,
      // Runs before it may have changed the champion while it waited.
      parentVersionId: sql`case when ${trainingRun.startedAt} is null
        then (select ${release.versionId} from ${release} order by ${release.seq} desc limit 1)
        else ${trainingRun.parentVersionId} end`,
    })
    .where(eq(trainingRun.id, sql`(${next})`))
    .returning();
  return run ?? null;
}

/** The right to work on a run. Its signal ends the work when the lease is lost or a user cancels the run. */
export class RunLease implements RunSink {
  private readonly controller = new AbortController();
  private readonly stopHeartbeat: () => void;
  private pending: Promise<void> = Promise.resolve();
  private outage: AttuneError | null = null;

  constructor(
    readonly db: Database,
    readonly run: TrainingRun,
    private readonly owner: string,
    private readonly times = LEASE_TIMES,
  ) {
    if (run.cancelRequested) this.abort(cancelled());
    const url = db.$client.options.connectionString!;
    this.stopHeartbeat = startHeartbeat({ url, runId: run.id, owner, ...times }, (beat) => this.hear(beat));
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: AttuneError): void {
    this.controller.abort(reason);
  }

  /** Handles a message from the heartbeat's thread, between two native steps. */
  private hear(beat: Beat): void {
    if (beat.type === 'lost') this.abort(lost(this.run.id));
    else if (beat.type === 'failed') this.abort(this.awayFor(beat.message));
    else if (beat.isCancelled) this.abort(cancelled());
  }

  private awayFor(message: string): AttuneError {
    this.outage = new AttuneError('UNAVAILABLE', `The database is unavailable: ${message}.`);
    return this.outage;
  }

  /** Whether the database was away: then the run is not to blame, and waits with its checkpoints for the next claim. */
  isOutage(reason: unknown): boolean {
    const isAway = (error: unknown) => error instanceof Error && (isDatabaseAway(error) || isDatabaseAway(error.cause));
    return reason === this.outage || isAway(reason) || (reason instanceof AttuneError && isAway(reason.cause));
  }

  async isHeld(): Promise<boolean> {
    const [row] = await this.guardedUpdate(this.db, {});
    return Boolean(row);
  }

  /** Throws CONFLICT when the lease is no longer ours. */
  async update(values: RunChange): Promise<void> {
    const [row] = await this.guardedUpdate(this.db, values);
    if (!row) throw this.lose();
  }

  /** Writes to other tables that are committed only if the lease is held. */
  async transaction(work: (tx: Executor) => Promise<RunChange>): Promise<void> {
    await this.db.transaction(async (tx) => {
      const [held] = await tx.select({ id: trainingRun.id }).from(trainingRun).where(this.isOurs()).for('update');
      if (!held) throw this.lose();
      await this.guardedUpdate(tx, await work(tx));
    });
  }

  /** Progress inside the stage, 0..1, and seconds left, null while unknown. */
  progress(stage: RunStage, progress: number, secondsLeft: number | null): void {
    this.enqueue(() => this.update({ stage, progress, secondsLeft }));
  }

  /**
   * One point of the curves; a repeated step overwrites its figures. Figures that are not finite are dropped for JSON.
   */
  metrics(stage: RunStage, step: number, metrics: Record<string, number>): void {
    const finite = Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
    this.enqueue(async () => {
      const { rowCount } = await this.db.execute(sql`
        with held as (
          update training_run set lease_expires_at = ${expiry(this.times.leaseSeconds)} where ${this.isOurs()} returning id
        )
        insert into run_metric (run_id, stage, step, metrics)
        select id, ${stage}, ${step}, ${JSON.stringify(finite)}::jsonb from held
        on conflict (run_id, stage, step) do update set metrics = run_metric.metrics || excluded.metrics, created_at = now()`);
      if (!rowCount) throw this.lose();
    });
  }

  /** Waits for every write so far; throws the first failure. */
  async flush(): Promise<void> {
    const pending = this.pending;
    this.pending = Promise.resolve();
    await pending;
  }

  /** Ends the run. False when the lease was lost: its new owner will end it. */
  async finish(status: EndStatus, verdict: string, statements: Statement[] | null = null): Promise<boolean> {
    const values = {
      status,
      verdict,
      statements,
      secondsLeft: null,
      leaseOwner: null,
      leaseExpiresAt: null,
      finishedAt: sql`now()`,
    };
    const [row] = await this.guardedUpdate(this.db, values);
    return Boolean(row);
  }

  /** Puts the run back for the next process, without counting this attempt. */
  async giveBack(): Promise<void> {
    const attempt = sql`greatest(${trainingRun.attempt} - 1, 0)`;
    await this.guardedUpdate(this.db, { status: 'queued', leaseOwner: null, leaseExpiresAt: null, attempt });
  }

  /** Stops the heartbeat. */
  close(): void {
    this.stopHeartbeat();
  }

  private guardedUpdate(db: Executor, values: RunChange) {
    return db
      .update(trainingRun)
      .set({ leaseExpiresAt: expiry(this.times.leaseSeconds), ...values })
      .where(this.isOurs())
      .returning({ cancelRequested: trainingRun.cancelRequested });
  }

  private isOurs() {
    return and(
      eq(trainingRun.id, this.run.id),
      eq(trainingRun.leaseOwner, this.owner),
      eq(trainingRun.status, 'running'),
    );
  }

  /** Every such write may be repeated, so a short outage of the database costs only a wait. */
  private enqueue(write: () => Promise<void>): void {
    const attempt = async (failures: number): Promise<void> => {
      try {
        await write();
      } catch (error) {
        if (this.signal.aborted || failures === MOST_FAILED_WRITES) throw error;
        await sleep(this.times.beatMs);
        await attempt(failures + 1);
      }
    };
    this.pending = this.pending.then(() => attempt(1));
    this.pending.catch((error) => this.abort(toAttuneError(error)));
  }

  private lose(): AttuneError {
    const error = lost(this.run.id);
    this.abort(error);
    return error;
  }
}

const cancelled = () => new AttuneError('CANCELLED', 'The run was cancelled.');
const lost = (id: string) =>
  new AttuneError('CONFLICT', `The lease of run ${id} is no longer ours: another trainer took it over.`);
