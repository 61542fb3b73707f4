// The record of who changed what, a page at a time.
import { desc, eq, lt } from 'drizzle-orm';
import { audit, user } from '@/db/schema';
import { nameSubjects } from './audit-subjects';
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
  const page = rows.slice(0, PAGE);
  const names = await nameSubjects(
    db,
    page.map(({ entry }) => entry),
  );
  const items = page.map(({ entry, actorName }, at) => ({ ...entry, actorName, subjectName: names[at]! }));
  return { items, nextCursor: rows.length > PAGE ? items[items.length - 1]!.id : null };
}
