// The rules with their authors and how often they hit, and the versions of one rule.
import { isDeepStrictEqual } from 'node:util';
import { and, desc, eq, gt, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import { Rule } from '@/core/constraints/rules';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { audit, constraintHit, generation, message, ruleVersion, user } from '@/db/schema';
import type { Product } from '@/server/services/product';
import type { RuleListView, RuleVersionView, RuleView } from './views';

const WEEK = sql`now() - interval '7 days'`;
const MOST_VERSIONS = 50;

type Row = typeof ruleVersion.$inferSelect & { author: string | null };

/** The newest version of every rule that ever was. */
const newest = (db: Executor): Promise<Row[]> =>
  db
    .selectDistinctOn([ruleVersion.ruleId], columns)
    .from(ruleVersion)
    .leftJoin(user, eq(user.id, ruleVersion.authorId))
    .orderBy(ruleVersion.ruleId, desc(ruleVersion.version));

const columns = {
  ruleId: ruleVersion.ruleId,
  version: ruleVersion.version,
  setVersion: ruleVersion.setVersion,
  settings: ruleVersion.settings,
  isRemoved: ruleVersion.isRemoved,
  authorId: ruleVersion.authorId,
  createdAt: ruleVersion.createdAt,
  author: user.name,
};

export async function listRules({ db }: Product): Promise<RuleListView> {
  const rows = await newest(db);
  const hits = await countHits(db);
  const of = await countTexts(db);
  const views = rows.map((row): RuleView => {
    const own = hits.get(row.ruleId);
    return {
      id: row.ruleId,
      rule: ruleOf(row),
      isRemoved: row.isRemoved,
      changedAt: row.createdAt,
      author: row.author,
      answers: { hits: own?.answers ?? 0, of: of.answers },
      messages: { hits: own?.messages ?? 0, of: of.messages + (own?.refused ?? 0) },
    };
  });
  return {
    setVersion: Math.max(...rows.map(({ setVersion }) => setVersion)),
    rules: views.filter(({ isRemoved }) => !isRemoved),
    removed: views.filter(({ isRemoved }) => isRemoved),
  };
}

/** Newest first. */
export async function listVersions({ db }: Product, id: string): Promise<RuleVersionView[]> {
  const rows = await db
    .select({ ...columns, restores: sql<number | null>`${audit.detail}->'restored'`.mapWith(Number) })
    .from(ruleVersion)
    .leftJoin(user, eq(user.id, ruleVersion.authorId))
    .leftJoin(audit, isRecordOfRestoring)
    .where(eq(ruleVersion.ruleId, id))
    .orderBy(desc(ruleVersion.version))
    .limit(MOST_VERSIONS + 1);
  if (rows.length === 0) throw new AttuneError('NOT_FOUND', `There is no rule "${id}".`);
  return rows.slice(0, MOST_VERSIONS).map((row, i) => {
    const { version, isRemoved, restores, createdAt, author, settings } = row;
    const former = rows[i + 1]?.settings;
    const changed = former
      ? fieldsOf(former, settings).filter((key) => !isDeepStrictEqual(settings[key], former[key]))
      : [];
    return { version, isRemoved, restores, createdAt, author, changed, rule: ruleOf(row) };
  });
}

const isRecordOfRestoring = and(
  eq(audit.action, 'rule.restore'),
  eq(audit.subject, ruleVersion.ruleId),
  sql`${audit.detail}->>'version' = ${ruleVersion.version}::text`,
);

const fieldsOf = (...settings: object[]) => [...new Set(settings.flatMap(Object.keys))];

/** As it is in force; null if there is none, or one that cannot be read. */
export async function findRule(db: Executor, id: string): Promise<Rule | null> {
  const [row] = await db
    .select()
    .from(ruleVersion)
    .where(eq(ruleVersion.ruleId, id))
    .orderBy(desc(ruleVersion.version))
    .limit(1);
  return row && !row.isRemoved ? ruleOf(row) : null;
}

/** null if the product no longer understands the settings. */
export function ruleOf({ ruleId, version, settings }: Pick<Row, 'ruleId' | 'version' | 'settings'>): Rule | null {
  return Rule.safeParse({ ...settings, id: ruleId, version }).data ?? null;
}

async function countHits(db: Executor) {
  const rows = await db
    .select({
      ruleId: constraintHit.ruleId,
      answers: sql<number>`count(distinct ${constraintHit.generationId})`.mapWith(Number),
      messages: sql<number>`count(distinct ${constraintHit.messageId})`.mapWith(Number),
      refused:
        sql<number>`count(*) filter (where ${constraintHit.generationId} is null and ${constraintHit.messageId} is null)`.mapWith(
          Number,
        ),
    })
    .from(constraintHit)
    .where(
      and(
        gt(constraintHit.createdAt, WEEK),
        isNotNull(constraintHit.ruleVersion),
        isNull(constraintHit.falseAt),
        eq(constraintHit.isUnjudged, false),
      ),
    )
    .groupBy(constraintHit.ruleId);
  return new Map(
    rows.map(({ ruleId, answers, messages, refused }) => [ruleId, { answers, refused, messages: messages + refused }]),
  );
}

async function countTexts(db: Executor): Promise<{ answers: number; messages: number }> {
  const [row] = await db
    .select({
      answers: sql<number>`count(*)`.mapWith(Number),
      messages: sql<number>`count(distinct ${message.parentId})`.mapWith(Number),
    })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .where(and(gt(generation.createdAt, WEEK), isNotNull(generation.versionId), ne(generation.status, 'running')));
  return row!;
}
