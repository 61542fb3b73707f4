// Two versions beside each other: what the gates measured, what people said, and how long and how fast they answer.
import { inArray, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { generation, version } from '@/db/schema';
import { judgeBetween, type SideBySideView } from '@/server/rollout/metrics';
import type { Product } from '@/server/services/product';
import { figuresOf, rowView, tagsOf } from '../registry/list';
import type { VersionFiguresView, VersionRowView } from '../registry/views';

/** Medians of the newest answers to people; null without any. */
export interface AnswerStats {
  answers: number;
  tokens: number | null;
  firstTokenMs: number | null;
  durationMs: number | null;
}

export interface ComparedView extends VersionRowView, VersionFiguresView {
  stats: AnswerStats;
}

export interface VersionComparisonView {
  a: ComparedView;
  b: ComparedView;
  /** Comparisons of the two with each other, seen from b. */
  between: SideBySideView;
}

/** As many as tell a median well; all of a version's would be read at each look. */
const MOST_ANSWERS = 1000;

export async function compareVersions(product: Product, ids: { a: string; b: string }): Promise<VersionComparisonView> {
  const { db } = product;
  const { a, b } = ids;
  if (a === b) throw new AttuneError('BAD_INPUT', `${a} cannot be compared with itself; choose two versions.`);
  const rows = await db
    .select()
    .from(version)
    .where(inArray(version.id, [a, b]));
  const [now, figures, tags, stats, between] = await Promise.all([
    champion(db),
    figuresOf(product, [a, b]),
    tagsOf(db, [a, b]),
    Promise.all([a, b].map((id) => readStats(db, id))),
    judgeBetween(db, b, a),
  ]);
  const [first, second] = [a, b].map((id, at): ComparedView => {
    const row = rows.find((one) => one.id === id);
    if (!row) throw new AttuneError('NOT_FOUND', `There is no version ${id}.`);
    return { ...rowView(row, now.versionId, tags.get(id) ?? []), ...figures[at]!, stats: stats[at]! };
  });
  return { a: first!, b: second!, between };
}

async function readStats(db: Executor, id: string): Promise<AnswerStats> {
  const median = (column: string) => sql.raw(`percentile_cont(0.5) within group (order by ${column})`);
  const { rows } = await db.execute<Record<'n' | 'tokens' | 'first' | 'whole', string | null>>(sql`
    select count(*) as n, ${median('tokens')} as tokens, ${median('first_token_ms')} as first,
      ${median('duration_ms')} as whole
    from (select cardinality(completion_ids) as tokens, first_token_ms, duration_ms from ${generation}
      where version_id = ${id} and status = 'done' order by created_at desc limit ${MOST_ANSWERS}) newest`);
  const { n, tokens, first, whole } = rows[0]!;
  const number = (text: string | null) => (text === null ? null : Number(text));
  return { answers: Number(n), tokens: number(tokens), firstTokenMs: number(first), durationMs: number(whole) };
}
