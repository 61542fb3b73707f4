// Keeps how far each voter is believed where the figures of experiments find it.
import { asc, gt, sql } from 'drizzle-orm';
import type { FeedbackKind } from '@/core/feedback/kinds';
import type { Database, Executor } from '../client';
import { setting, voterTrust } from '../schema';
import { readWeights, trustIn } from './trust';

const PAGE = 10_000;
const LAST_KEPT = 'voterTrust';

/** Whether it is this process's turn: one estimate in so many seconds, by whichever process asks first. */
export async function claimTrust(db: Executor, everySeconds: number): Promise<boolean> {
  const { rows } = await db.execute(sql`
    insert into ${setting} as last (key, value) values (${LAST_KEPT}, '{}')
    on conflict (key) do update set updated_at = now() where last.updated_at < now() - make_interval(secs => ${everySeconds})
    returning key`);
  return rows.length > 0;
}

/** Voters who count in full have no row. Only rows that differ are written, as each makes its voter's figures anew. */
export async function keepTrust(db: Database): Promise<void> {
  const report = await readWeights(db);
  const trustOf = trustIn(report);
  const rounded = (userId: string, kind: FeedbackKind) => trustOf(userId, kind).toFixed(2);
  const people = new Set([...report.raters.map(({ rater }) => rater), ...report.standings.keys()]);
  const kept = await readKept(db);
  const changed = [...people].flatMap((userId) => {
    const [thumb, comparison] = [rounded(userId, 'thumb'), rounded(userId, 'comparison')];
    const before = kept.get(userId);
    kept.delete(userId);
    const isSame = Number(thumb) === (before?.thumb ?? 1) && Number(comparison) === (before?.comparison ?? 1);
    return isSame ? [] : [{ userId, thumb, comparison }];
  });
  // What is left has no judgement any more.
  for (const userId of kept.keys()) changed.push({ userId, thumb: '1', comparison: '1' });
  for (let at = 0; at < changed.length; at += PAGE) {
    const page = changed.slice(at, at + PAGE);
    const column = (name: 'userId' | 'thumb' | 'comparison') => sql.param(page.map((row) => row[name]));
    // Someone may have left meanwhile.
    await db.execute(sql`
      insert into ${voterTrust} (user_id, thumb, comparison)
      select row.* from unnest(${column('userId')}::text[], ${column('thumb')}::numeric[], ${column('comparison')}::numeric[])
        as row (user_id, thumb, comparison) join "user" u on u.id = row.user_id
      on conflict (user_id) do update set thumb = excluded.thumb, comparison = excluded.comparison`);
  }
}

async function readKept(db: Executor): Promise<Map<string, { thumb: number; comparison: number }>> {
  const kept = new Map<string, { thumb: number; comparison: number }>();
  for (let after = ''; ; ) {
    const page = await db
      .select()
      .from(voterTrust)
      .where(gt(voterTrust.userId, after))
      .orderBy(asc(voterTrust.userId))
      .limit(PAGE);
    for (const { userId, thumb, comparison } of page) {
      kept.set(userId, { thumb: Number(thumb), comparison: Number(comparison) });
    }
    if (page.length < PAGE) return kept;
    after = page.at(-1)!.userId;
  }
}
