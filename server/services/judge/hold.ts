// A judge that this process holds under a lease: one process works for it at a time, and an admin's stop ends the work.
import { and, eq, isNull, lt, ne, or, sql } from 'drizzle-orm';
import type { Principle } from '@/core/judging/constitution';
import type { Executor } from '@/db/client';
import { judge } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { readConstitution } from './constitution';
import type { JudgeTrouble } from './reader';

type Row = typeof judge.$inferSelect;

const LEASE_SECONDS = 30;
const RENEW_EVERY_MS = 2000;

export interface Held {
  row: Row;
  constitution: { version: number; principles: Principle[] };
  /** Ends a call in progress when the judge is stopped or the lease is lost. */
  signal: AbortSignal;
  /** False once the judge is stopped or another process has it. */
  progress(done: number, total: number): Promise<boolean>;
  /** Runs the work only while the judge is still this process's; false if it is not. */
  write(work: (tx: Executor) => Promise<void>): Promise<boolean>;
  /** Writes, and lets the judge rest. */
  finish(done: number, work?: (tx: Executor) => Promise<void>): Promise<void>;
  /** Lets the judge rest, and says why. */
  fail(trouble: JudgeTrouble['trouble']): Promise<void>;
  /** Lets another process go on. */
  release(): Promise<void>;
}

/** A judge with something to do that no living process works for; null if there is none. */
export async function claimJudge({ db }: Product, owner: string, ending: AbortSignal): Promise<Held | null> {
  const row = await db.transaction(async (tx) => {
    const isFree = or(isNull(judge.leaseExpiresAt), lt(judge.leaseExpiresAt, sql`now()`));
    const [free] = await tx
      .select({ id: judge.id })
      .from(judge)
      .where(and(ne(judge.activity, 'idle'), isNull(judge.retiredAt), isFree))
      .orderBy(judge.createdAt)
      .limit(1)
      .for('update', { skipLocked: true });
    if (!free) return null;
    const [claimed] = await tx
      .update(judge)
      .set({ leaseOwner: owner, leaseExpiresAt: leaseEnd() })
      .where(eq(judge.id, free.id))
      .returning();
    return claimed!;
  });
  if (!row) return null;
  const constitution = await readConstitution(db);
  return hold(db, row, owner, constitution ?? { version: 0, principles: [] }, ending);
}

const leaseEnd = () => sql`now() + make_interval(secs => ${LEASE_SECONDS})`;

function hold(
  db: Product['db'],
  row: Row,
  owner: string,
  constitution: Held['constitution'],
  ending: AbortSignal,
): Held {
  const lost = new AbortController();
  const isMine = and(eq(judge.id, row.id), eq(judge.leaseOwner, owner), eq(judge.activity, row.activity))!;
  const keep = async (change: Partial<Record<'done' | 'total', number>>) => {
    const kept = await db
      .update(judge)
      .set({ ...change, leaseExpiresAt: leaseEnd() })
      .where(isMine)
      .returning({ id: judge.id });
    if (kept.length === 0) lost.abort();
    return kept.length > 0;
  };
  // A database that is away for a moment is no reason to stop: the lease decides.
  const timer = setInterval(() => void keep({}).catch(() => {}), RENEW_EVERY_MS).unref();
  const rest = (change: Partial<typeof judge.$inferInsert>) =>
    ({ activity: 'idle', leaseOwner: null, leaseExpiresAt: null, ...change }) as const;
  return {
    row,
    constitution,
    signal: AbortSignal.any([lost.signal, ending]),
    progress: async (done, total) => !ending.aborted && (await keep({ done, total })),
    write: (work) =>
      db.transaction(async (tx) => {
        const [mine] = await tx.select({ id: judge.id }).from(judge).where(isMine).for('update');
        if (!mine) return false;
        await work(tx);
        return true;
      }),
    async finish(done, work) {
      await this.write(async (tx) => {
        await work?.(tx);
        await tx
          .update(judge)
          .set(rest({ done, trouble: null }))
          .where(eq(judge.id, row.id));
      });
    },
    async fail(trouble) {
      await db.update(judge).set(rest({ trouble })).where(isMine);
    },
    async release() {
      clearInterval(timer);
      await db
        .update(judge)
        .set({ leaseOwner: null, leaseExpiresAt: null })
        .where(and(eq(judge.id, row.id), eq(judge.leaseOwner, owner)));
    },
  };
}
