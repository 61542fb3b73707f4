// Reads how often the reward model of each run was right about votes that it had not learned from.
import { sql } from 'drizzle-orm';
import { type RewardAccuracy, rewardAccuracy } from '@/core/figures/figures';
import type { Executor } from '@/db/client';
import { runMetric, trainingRun } from '@/db/schema';

/** The newest are shown. */
const MOST_RUNS = 50;

/** Newest last. The last point of a run is that of the reward model that it used. */
export async function readRewardAccuracy(db: Executor): Promise<RewardAccuracy[]> {
  const { rows } = await db.execute<{ id: string; at: string; accuracy: number; n: number }>(sql`
    select run.id, run.finished_at as at, point.accuracy, point.n
    from (select id, finished_at from ${trainingRun} where finished_at is not null
      order by created_at desc limit ${MOST_RUNS}) run
    join lateral (
      select (metrics ->> 'eval_accuracy')::float8 as accuracy, (metrics ->> 'eval_examples')::float8 as n
      from ${runMetric} where run_id = run.id and stage = 'reward_model' and metrics ? 'eval_accuracy'
      order by step desc limit 1) point on true
    order by run.finished_at`);
  return rows.map(({ id, at, accuracy, n }) => rewardAccuracy({ runId: id, at: new Date(at), accuracy, n }));
}
