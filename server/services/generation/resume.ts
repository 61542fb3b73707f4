// Resumes generations whose process has died, after the tokens that their rows have.
import { and, eq } from 'drizzle-orm';
import { generation } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { begin } from './generation';
import { generated, lockName } from './row';

/** A lock that can be taken is held by no live process. Returns how many generations were resumed. */
export async function resumeGenerations(product: Product): Promise<number> {
  const { db, listener, running } = product;
  const lost = await db.select({ id: generation.id }).from(generation).where(eq(generation.status, 'running'));
  let resumed = 0;
  for (const { id } of lost) {
    if (running.has(id)) continue;
    if (!(await listener.tryLock(lockName(id), () => running.get(id)?.abandon()))) continue;
    // It may have ended between the query and the lock.
    const [row] = await db
      .select()
      .from(generation)
      .where(and(eq(generation.id, id), eq(generation.status, 'running')));
    if (!row) {
      await listener.unlock(lockName(id));
      continue;
    }
    begin(product, generated(row));
    resumed++;
  }
  return resumed;
}
