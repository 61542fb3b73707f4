// Keeps figures that take long to count, so that they are counted by one process now and then.
import { eq, sql } from 'drizzle-orm';
import superjson, { type SuperJSONResult } from 'superjson';
import type { Executor } from './client';
import { keptFigures } from './schema';

export interface Kept<Value> {
  value: Value;
  countedAt: Date;
  ageSeconds: number;
}

export async function readKept<Value>(db: Executor, key: string): Promise<Kept<Value> | null> {
  const [row] = await db
    .select({
      value: keptFigures.value,
      countedAt: keptFigures.countedAt,
      age: sql<number>`extract(epoch from now() - ${keptFigures.countedAt})`.mapWith(Number),
    })
    .from(keptFigures)
    .where(eq(keptFigures.key, key));
  if (!row?.countedAt) return null;
  const value = superjson.deserialize<Value>(row.value as SuperJSONResult);
  return { value, countedAt: row.countedAt, ageSeconds: row.age };
}

/** Whether the caller is to count: for so many seconds no other process is. */
export async function claimKept(db: Executor, key: string, seconds: number): Promise<boolean> {
  const claimedUntil = sql`now() + make_interval(secs => ${seconds})`;
  const claimed = await db
    .insert(keptFigures)
    .values({ key, claimedUntil })
    .onConflictDoUpdate({
      target: keptFigures.key,
      set: { claimedUntil },
      setWhere: sql`${keptFigures.claimedUntil} is null or ${keptFigures.claimedUntil} < now()`,
    })
    .returning({ key: keptFigures.key });
  return claimed.length > 0;
}

/** Ends the claim. */
export async function writeKept(db: Executor, key: string, value: unknown): Promise<void> {
  const row = { value: superjson.serialize(value), countedAt: sql`now()`, claimedUntil: null };
  await db
    .insert(keptFigures)
    .values({ key, ...row })
    .onConflictDoUpdate({ target: keptFigures.key, set: row });
}

export const dropClaim = (db: Executor, key: string) =>
  db.update(keptFigures).set({ claimedUntil: null }).where(eq(keptFigures.key, key));
