// Reads what decides whether a training run is due by itself.
import { desc, eq, sql } from 'drizzle-orm';
import { JUDGED_STATUSES } from '@/core/contract';
import { type Drift, FIRST_VOTES, judgeDrift, type Thumbs } from '@/core/runs/drift';
import type { TriggerState } from '@/core/runs/trigger';
import { candidateOnItsWay } from '../candidate';
import type { Executor } from '../client';
import { countUnusedFeedback } from '../feedback/unused-feedback';
import { champion } from '../release';
import { feedback, generation, raterStanding, trainingRun } from '../schema';
import { countLiveRuns } from './queue';

/** Without the settings and drift, which need not be read under the lock of the queue. */
export async function readTriggerState(tx: Executor): Promise<Omit<TriggerState, 'setting' | 'drift'>> {
  const [last] = await tx
    .select({ status: trainingRun.status, requestedAt: trainingRun.createdAt })
    .from(trainingRun)
    .where(eq(trainingRun.kind, 'train'))
    .orderBy(desc(trainingRun.createdAt))
    .limit(1);
  const { rows } = await tx.execute<{ now: string }>(sql`select now()::text as now`);
  return {
    now: new Date(rows[0]!.now),
    unused: await countUnusedFeedback(tx),
    hasLiveRun: (await countLiveRuns(tx)) > 0,
    candidateId: await candidateOnItsWay(tx),
    last: last
      ? {
          requestedAt: last.requestedAt,
          isJudged: JUDGED_STATUSES.some((status) => status === last.status),
          newSince: await countUnusedFeedback(tx, last.requestedAt),
        }
      : null,
  };
}

/** Compares the champion's first thumbs with all later ones; judges, banned people and excluded votes do not count. */
export async function readDrift(db: Executor): Promise<Drift> {
  const { versionId, since } = await champion(db);
  const { rows } = await db.execute<{ isFirst: boolean; up: string; n: string }>(sql`
    with thumb as (
      select distinct on (${feedback.userId}, ${feedback.createdAt}::date)
        ${feedback.createdAt} as at, (${feedback.value}->>'up')::boolean as up
      from ${feedback} join ${generation} on ${generation.id} = ${feedback.generationId}
      where ${feedback.kind} = 'thumb' and ${feedback.createdAt} >= ${since.toISOString()}
        and ${generation.versionId} = ${versionId} and ${feedback.excludedAt} is null
        and ${feedback.source} <> 'judge'
        and not exists (
          select from ${raterStanding} s where s.user_id = ${feedback.userId} and s.standing = 'banned')
      order by ${feedback.userId}, ${feedback.createdAt}::date, ${feedback.createdAt}),
    placed as (select up, row_number() over (order by at) <= ${FIRST_VOTES} as is_first from thumb)
    select is_first as "isFirst", count(*) filter (where up) as up, count(*) as n from placed group by is_first`);
  const of = (isFirst: boolean): Thumbs => {
    const found = rows.find((row) => row.isFirst === isFirst);
    return { up: Number(found?.up ?? 0), n: Number(found?.n ?? 0) };
  };
  return judgeDrift(of(true), of(false));
}
