// Takes feedback out of training and statistics for an admin, with a reason, and puts it back.
import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { audit, feedback } from '@/db/schema';
import type { Product } from '@/server/services/product';

/** Names of the entries in the audit log, which also tell when a row was excluded before. */
const EXCLUDE = 'feedback.exclude';
const RESTORE = 'feedback.restore';

interface Decision {
  id: string;
  reason: string;
}

/** A trigger notes it for the trainer, which blanks the row's lines in every data set. */
export async function exclude({ db }: Product, actorId: string, { id, reason }: Decision): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(feedback)
      .set({ excludedAt: sql`now()`, excludedBy: actorId, excludedReason: reason })
      .where(and(eq(feedback.id, id), isNull(feedback.excludedAt)))
      .returning();
    if (!row) throw await whyNot(tx, id, 'is excluded already; reload to see by whom.');
    await recordAudit(tx, actorId, EXCLUDE, id, { kind: row.kind, reason });
  });
}

/** It enters the next data set again; the lines that were blanked stay blank. */
export async function restore({ db }: Product, actorId: string, { id, reason }: Decision): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(feedback)
      .set({ excludedAt: null, excludedBy: null, excludedReason: null })
      .where(and(eq(feedback.id, id), isNotNull(feedback.excludedAt)))
      .returning();
    if (!row) throw await whyNot(tx, id, 'is not excluded; reload.');
    await recordAudit(tx, actorId, RESTORE, id, { kind: row.kind, reason });
  });
}

async function whyNot(tx: Executor, id: string, state: string): Promise<AttuneError> {
  const [row] = await tx.select({ id: feedback.id }).from(feedback).where(eq(feedback.id, id));
  return row
    ? new AttuneError('CONFLICT', `Feedback ${id} ${state}`)
    : new AttuneError('NOT_FOUND', `There is no feedback ${id}; it may have been withdrawn.`);
}

/** A time in which a row was in no new data set. */
export interface Exclusion {
  from: Date;
  /** null while it lasts. */
  to: Date | null;
}

/** By feedback id: the present exclusion, and those that were undone. */
export async function readExclusions(
  db: Executor,
  rows: readonly { id: string; excludedAt: Date | null }[],
): Promise<Map<string, Exclusion[]>> {
  const found = await db
    .select({ id: audit.subject, action: audit.action, at: audit.createdAt })
    .from(audit)
    .where(
      and(
        inArray(audit.action, [EXCLUDE, RESTORE]),
        inArray(
          audit.subject,
          rows.map(({ id }) => id),
        ),
      ),
    )
    .orderBy(asc(audit.id));
  return new Map(
    rows.map(({ id, excludedAt }) => {
      const past: Exclusion[] = [];
      let from: Date | null = null;
      for (const entry of found.filter((one) => one.id === id)) {
        if (entry.action === RESTORE && from) past.push({ from, to: entry.at });
        from = entry.action === EXCLUDE ? entry.at : null;
      }
      return [id, excludedAt ? [...past, { from: excludedAt, to: null }] : past];
    }),
  );
}

/** Whether a data set of this time was frozen without the row. */
export const isExcludedAt = (exclusions: readonly Exclusion[], frozenUpTo: Date) =>
  exclusions.some(({ from, to }) => frozenUpTo >= from && (to === null || frozenUpTo < to));
