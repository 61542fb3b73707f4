// The record of who changed what, narrowed as asked, a page at a time.
import { and, desc, eq, gte, ilike, inArray, isNull, like, lt, or, type SQL } from 'drizzle-orm';
import { AUDIT_ACTIONS, type AuditArea } from '@/core/audit-actions';
import type { Executor } from '@/db/client';
import { audit, user } from '@/db/schema';
import { nameSubjects } from './audit-subjects';
import { patternOf } from './contains';
import type { Product } from './product';
import { checkCharacters } from './text';
import type { AuditView } from './views';

const PAGE = 50;
/** A part of a name that more people have finds these. */
const MOST_PEOPLE = 200;

export interface AuditFilter {
  cursor?: number | null | undefined;
  /** The first part of an action. */
  area?: AuditArea | undefined;
  /** `product`, or a person's id, or part of a name or address. */
  actor?: string | undefined;
  /** The beginning of what it was done to: an id, or a name that is one. */
  subject?: string | undefined;
  from?: Date | undefined;
  /** Up to, without it. */
  until?: Date | undefined;
}

export async function list({ db }: Product, filter: AuditFilter): Promise<AuditView> {
  const { cursor } = filter;
  const rows = await db
    .select({ entry: audit, actorName: user.name })
    .from(audit)
    .leftJoin(user, eq(user.id, audit.actorId))
    .where(and(cursor ? lt(audit.id, cursor) : undefined, ...(await conditionsOf(db, filter))))
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

async function conditionsOf(db: Executor, { area, actor, subject, from, until }: AuditFilter) {
  checkCharacters(subject ?? '', 'subject');
  const conditions: (SQL | undefined)[] = [
    area && inArray(audit.action, [...AUDIT_ACTIONS.filter((action) => action.startsWith(`${area}.`))]),
    subject?.trim() ? like(audit.subject, `${patternOf(subject).slice(1, -1)}%`) : undefined,
    from && gte(audit.createdAt, from),
    until && lt(audit.createdAt, until),
  ];
  if (actor === 'product') conditions.push(isNull(audit.actorId));
  else if (actor?.trim()) conditions.push(inArray(audit.actorId, await peopleLike(db, actor)));
  return conditions;
}

/** With the words as an id, which also finds what people did who are gone. */
async function peopleLike(db: Executor, words: string): Promise<string[]> {
  checkCharacters(words, 'name or address');
  const pattern = patternOf(words);
  const found = await db
    .select({ id: user.id })
    .from(user)
    .where(or(ilike(user.name, pattern), ilike(user.email, pattern)))
    .limit(MOST_PEOPLE);
  return [words.trim(), ...found.map(({ id }) => id)];
}
