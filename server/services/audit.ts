// The record of who changed what, a page at a time.
import { desc, eq, lt } from 'drizzle-orm';
import { audit, user } from '@/db/schema';
import type { Product } from './product';
import type { AuditView } from './views';

const PAGE = 50;

export async function list({ db }: Product, cursor: number | null): Promise<AuditView> {
  const rows = await db
    .select({ entry: audit, actorName: user.name })
    .from(audit)
    .leftJoin(user, eq(user.id, audit.actorId))
    .where(cursor === null ? undefined : lt(audit.id, cursor))
    .orderBy(desc(audit.id))
    .limit(PAGE + 1);
  const items = rows.slice(0, PAGE).map(({ entry, actorName }) => ({ ...entry, actorName }));
  return { items, nextCursor: rows.length > PAGE ? items[items.length - 1]!.id : null };
}
