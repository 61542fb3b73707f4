// Finds the names of people, for pages of admins.
import { sql } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { user } from '@/db/schema';

/** By id; those who have left are missing. */
export async function readNames(db: Executor, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db
    .select({ id: user.id, name: user.name })
    .from(user)
    .where(sql`${user.id} = any(${sql.param([...ids])}::text[])`);
  return new Map(rows.map(({ id, name }) => [id, name]));
}
