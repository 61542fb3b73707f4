// Reads what a canary's review judges, from the sums of its experiment's arms.
import { sql } from 'drizzle-orm';
import { ARM_GUARDS, type ArmFigures, type Asked, type Evidence } from '@/core/rollout/review';
import type { Executor } from '@/db/client';
import { assignment, type canary, generation } from '@/db/schema';
import type { Arm } from './assign';
import { readArms } from './figures';

type Canary = typeof canary.$inferSelect;

export type Step = Pick<Evidence, 'stepAnswers' | 'stepMinutes' | 'days'>;

/** `step` was read before the changes were counted, so that each of its answers is in the figures. */
export async function readEvidence(db: Executor, row: Canary, step: Step): Promise<Evidence> {
  const [sampleOf, asked] = await Promise.all([readArms(db, row.experimentId), countAsked(db, row.experimentId)]);
  const figuresOf = (arm: Arm) =>
    Object.fromEntries(ARM_GUARDS.map((guard) => [guard, sampleOf(arm, guard)])) as ArmFigures;
  const [champion, candidate] = [figuresOf('champion'), figuresOf('candidate')];
  return { champion, candidate, sideBySide: sampleOf('candidate', 'sideBySide'), asked, ...step };
}

export async function countAsked(db: Executor, experimentId: string): Promise<Asked[]> {
  const { rows } = await db.execute<{ share: number; champion: string; candidate: string }>(sql`
    select share, sum(people) filter (where arm = 'champion') as champion, sum(people) filter (where arm = 'candidate') as candidate
    from (
      select arm, round((case arm when 'candidate' then propensity else 1 - propensity end)::numeric, 6)::float8 as share,
        count(*) as people
      from ${assignment} where experiment_id = ${experimentId} group by arm, propensity) own
    where share > 0 and share < 1 group by share`);
  return rows.map(({ share, champion, candidate }) => ({
    share,
    champion: Number(champion),
    candidate: Number(candidate),
  }));
}

/** Answers up to as many as are needed; times by the clock of the database, which all replicas share. */
export async function readStep(db: Executor, row: Canary): Promise<Step> {
  const { rows } = await db.execute<{ answers: string; minutes: string; days: string }>(sql`
    select (select count(*) from (
        select from ${generation} g where g.experiment_id = ${row.experimentId} and g.arm = 'candidate'
          and g.status in ('done', 'stopped') and g.finished_at >= ${row.phaseSince}
        limit ${row.settings.answersPerStep}) needed) as answers,
      extract(epoch from now() - ${row.phaseSince}::timestamptz) / 60 as minutes,
      extract(epoch from now() - ${row.createdAt}::timestamptz) / 86400 as days`);
  const [step] = rows;
  return { stepAnswers: Number(step!.answers), stepMinutes: Number(step!.minutes), days: Number(step!.days) };
}
