// Reads what happened to answers while versions were exchanged, and how fast versions that were taken back stopped answering.
import { sql } from 'drizzle-orm';
import { rollbackSeconds, SWAP_SECONDS } from '@/core/figures/figures';
import type { Executor } from '@/db/client';
import { audit, canary, generation, release } from '@/db/schema';

/** The newest are looked at. */
const MOST_SWAPS = 100;
/** Answers that began longer before a swap are not looked for: none takes so long. */
const LONGEST_ANSWER = sql`interval '5 minutes'`;
const MOST_ANSWERS_A_SWAP = 2000;

/** Each is one act of the audit log; a canary that is promoted is a release as well. */
const SWAPS = ['release.promote', 'release.rollback', 'canary.start', 'canary.raise', 'canary.roll_back'];

export async function readSwaps(db: Executor): Promise<{ swaps: number; answers: number; failed: number }> {
  const { rows } = await db.execute<{ swaps: string; answers: string; failed: string }>(sql`
    select count(distinct swap.id) as swaps, count(answer.id) as answers,
      count(*) filter (where answer.status = 'failed') as failed
    from (select id, created_at as at from ${audit} where action = any(${sql.param(SWAPS)}::text[])
      order by id desc limit ${MOST_SWAPS}) swap
    left join lateral (
      select begun.id, begun.status from (
        select id, status, created_at, finished_at from ${generation}
        where created_at between swap.at - ${LONGEST_ANSWER} and swap.at + make_interval(secs => ${SWAP_SECONDS})
          and version_id is not null
        order by created_at desc limit ${MOST_ANSWERS_A_SWAP}) begun
      where begun.created_at >= swap.at or begun.finished_at is null or begun.finished_at >= swap.at) answer on true`);
  const row = rows[0]!;
  return { swaps: +row.swaps, answers: +row.answers, failed: +row.failed };
}

const MOST_ROLLBACKS = 100;

/** Seconds to the end of the last answer of each version that was taken back, by the product or by a person. */
export async function readRollbacks(db: Executor): Promise<number[]> {
  const { rows } = await db.execute<{ at: string; last: string | null }>(sql`
    select back.at, (
      select max(begun.finished_at) from (
        select finished_at from ${generation}
        where version_id = back.version_id and experiment_id is not distinct from back.experiment_id
          and created_at between back.at - ${LONGEST_ANSWER} and back.at + ${LONGEST_ANSWER}
        order by created_at desc limit ${MOST_ANSWERS_A_SWAP}) begun) as last
    from (
      select coalesce(reviewed_at, ended_at) as at, candidate_version_id as version_id, experiment_id
        from ${canary} where phase = 'rolled_back' and verdict ->> 'act' = 'roll_back'
      union all
      select created_at, previous_version_id, null from ${release} where action = 'rollback'
      order by at desc limit ${MOST_ROLLBACKS}) back`);
  return rows.map(({ at, last }) => rollbackSeconds(new Date(at), last === null ? null : new Date(last)));
}
