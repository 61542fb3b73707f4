// Reads and writes the rows of settings, and the trainer's report about itself in the same table.
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { Settings } from '@/core/settings';
import type { Executor } from './client';
import { setting } from './schema';

export async function readSettings(db: Executor): Promise<Settings> {
  const rows = await db.select().from(setting);
  return Settings.parse(Object.fromEntries(rows.map((row) => [row.key, row.value])));
}

export async function writeSetting(db: Executor, key: string, value: unknown): Promise<void> {
  // The driver would turn a bare null into SQL's null; this stores JSON's null.
  const json = sql`${JSON.stringify(value)}::jsonb`;
  await db
    .insert(setting)
    .values({ key, value: json })
    .onConflictDoUpdate({ target: setting.key, set: { value: json, updatedAt: sql`now()` } });
}

/** Makes changes of several settings take turns; the lock ends with the transaction. */
export async function lockSettings(tx: Executor): Promise<void> {
  await tx.execute(sql`lock table ${setting} in share row exclusive mode`);
}

const TRAINER = 'trainer';
const TrainerReport = z.object({
  heartbeatAt: z.string().nullable().default(null),
  /** A sentence about what native training lacks; null if it lacks nothing. */
  lacks: z.string().nullable().default(null),
  device: z.string().nullable().default(null),
});
export type TrainerReport = z.infer<typeof TrainerReport>;

/** The trainer's heartbeat, every few seconds. */
export async function writeTrainerReport(db: Executor, report: TrainerReport): Promise<void> {
  await writeSetting(db, TRAINER, report);
}

/** `isFresh`: written within the last `freshSeconds`. Null if no trainer has ever reported. */
export async function readTrainerReport(
  db: Executor,
  freshSeconds: number,
): Promise<{ report: TrainerReport; at: Date; isFresh: boolean } | null> {
  const [row] = await db
    .select({
      at: setting.updatedAt,
      value: setting.value,
      isFresh: sql<boolean>`${setting.updatedAt} > now() - make_interval(secs => ${freshSeconds})`,
    })
    .from(setting)
    .where(eq(setting.key, TRAINER));
  return row ? { report: TrainerReport.parse(row.value), at: row.at, isFresh: row.isFresh } : null;
}
