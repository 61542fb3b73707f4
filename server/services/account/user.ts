// People for the admin: lists them, and gives them roles.
import { and, desc, eq, ilike, ne, or, type SQL, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { recordAudit } from '@/db/audit';
import { conversation, session, user } from '@/db/schema';
import { patternOf } from '@/server/services/contains';
import type { Product } from '@/server/services/product';
import { ROLES, type Role, type UserListView, type UserView } from '@/server/services/views';

export { ROLES };

/** The account of a model that labels: no person, and without a way to sign in. */
export const JUDGE_ROLE = 'judge';

const PAGE = 50;

export interface UserFilter {
  query?: string;
  /** Accounts are people who are not guests. */
  show: 'accounts' | 'admins' | 'raters' | 'guests';
  /** The page's first row, counted from 0. */
  cursor?: number | null;
}

/** Newest first. `query` looks in names and e-mail addresses. */
export async function list({ db }: Product, { query, show, cursor }: UserFilter): Promise<UserListView> {
  const conditions: (SQL | undefined)[] = [eq(user.isAnonymous, show === 'guests'), ne(user.role, JUDGE_ROLE)];
  if (show === 'admins') conditions.push(eq(user.role, 'admin'));
  if (show === 'raters') conditions.push(eq(user.role, 'rater'));
  if (query?.trim()) {
    const pattern = patternOf(query);
    conditions.push(or(ilike(user.name, pattern), ilike(user.email, pattern)));
  }
  const first = cursor ?? 0;
  const rows = await db
    .select({
      id: user.id,
      name: user.name,
      email: user.email,
      role: user.role,
      isGuest: user.isAnonymous,
      createdAt: user.createdAt,
      // A session is renewed only once a day and ends at sign-out, so the last change of a conversation tells more.
      lastSeenAt: sql<Date>`greatest(
        ${user.createdAt},
        (select max(s.updated_at) from ${session} s where s.user_id = ${user}.id),
        (select max(c.updated_at) from ${conversation} c where c.user_id = ${user}.id)
      )`.mapWith(user.createdAt),
    })
    .from(user)
    .where(and(...conditions))
    .orderBy(desc(user.createdAt), desc(user.id))
    .limit(PAGE + 1)
    .offset(first);
  return {
    items: rows.slice(0, PAGE).map((row) => ({ ...row, role: toRole(row.role) })),
    nextCursor: rows.length > PAGE ? first + PAGE : null,
  };
}

/** There is always an admin: admins cannot remove their own role, and the last admin keeps it. */
export async function setRole(
  { db }: Product,
  actorId: string,
  { id, role }: { id: string; role: Role },
): Promise<Pick<UserView, 'id' | 'role'>> {
  return db.transaction(async (tx) => {
    // All rows are locked in one order, so that two admins who remove each other's role cannot both succeed.
    const admins = await tx.select().from(user).where(eq(user.role, 'admin')).orderBy(user.id).for('update');
    if (!admins.some((admin) => admin.id === actorId))
      throw new AttuneError('FORBIDDEN', 'Only an admin may do this; your role was removed in the meantime.');
    const [person] = await tx.select().from(user).where(eq(user.id, id)).for('update');
    if (!person) throw new AttuneError('NOT_FOUND', `There is no account ${id}.`);
    if (person.role === JUDGE_ROLE)
      throw new AttuneError('CONFLICT', 'This is the account of a judge, which nobody signs in to.');
    if (person.isAnonymous && role !== 'user')
      throw new AttuneError('CONFLICT', `A guest cannot have the role ${role}, because a guest cannot sign in again.`);
    if (role !== 'admin' && id === actorId)
      throw new AttuneError('CONFLICT', 'You cannot remove your own role; another admin can.');
    if (role !== 'admin' && person.role === 'admin' && admins.length === 1)
      throw new AttuneError('CONFLICT', 'This is the last admin; give the role to someone else first.');
    if (person.role !== role) {
      await tx.update(user).set({ role, updatedAt: sql`now()` }).where(eq(user.id, id));
      await recordAudit(tx, actorId, 'user.role', id, { from: toRole(person.role), to: role });
    }
    return { id, role };
  });
}

const toRole = (role: string): Role => ROLES.find((known) => known === role) ?? 'user';
