// Reads what a canary's review judges: each person's figures in each arm, and votes by trust.
import { sql } from 'drizzle-orm';
import { ARM_GUARDS, type ArmFigures, type Asked, type Evidence } from '@/core/rollout/review';
import type { Sample } from '@/core/statistics/confidence-sequence';
import type { Executor } from '@/db/client';
import type { TrustOf } from '@/db/raters/trust';
import { assignment, type canary, constraintHit, generation, message } from '@/db/schema';
import type { Arm } from './assign';
import { countChoices, countThumbs } from './metrics';
import { isTrueHit } from './rule-hits';

type Canary = typeof canary.$inferSelect;

const NOTHING: Sample = { mean: 0, variance: 0, n: 0 };
const NO_FIGURES = Object.fromEntries(ARM_GUARDS.map((name) => [name, NOTHING])) as ArmFigures;

export async function readEvidence(db: Executor, row: Canary, trustOf: TrustOf): Promise<Evidence> {
  const inExperiment = sql`experiment_id = ${row.experimentId}`;
  const [figures, thumbs, choices, asked, step] = await Promise.all([
    readFigures(db, row.experimentId),
    countThumbs(db, sql`arm`, inExperiment),
    countChoices(db, sql`arm`, inExperiment),
    countAsked(db, row.experimentId),
    readStep(db, row),
  ]);
  const liked = (arm: Arm) =>
    weighted(
      thumbs
        .filter(({ key }) => key === arm)
        .map(({ person, up, n }) => ({ value: up / n, trust: trustOf(person, 'thumb') })),
    );
  const won = choices
    .filter(({ key, wins, losses }) => key === 'candidate' && wins + losses > 0)
    .map(({ person, wins, losses }) => ({ value: wins / (wins + losses), trust: trustOf(person, 'comparison') }));
  return {
    champion: { ...figures.champion, thumbs: liked('champion') },
    candidate: { ...figures.candidate, thumbs: liked('candidate') },
    sideBySide: weighted(won),
    asked,
    ...step,
  };
}

/**
 * The mean by trust, with Kish's effective number of people. The word of a person whose trust is below 0 is turned over;
 * one who is not believed at all does not count.
 */
export function weighted(people: readonly { value: number; trust: number }[]): Sample {
  const believed = people
    .filter(({ trust }) => trust !== 0)
    .map(({ value, trust }) => ({ value: trust > 0 ? value : 1 - value, weight: Math.abs(trust) }));
  const total = believed.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return NOTHING;
  const mean = believed.reduce((sum, { value, weight }) => sum + weight * value, 0) / total;
  const n = total ** 2 / believed.reduce((sum, { weight }) => sum + weight ** 2, 0);
  const spread = believed.reduce((sum, { value, weight }) => sum + weight * (value - mean) ** 2, 0) / total;
  return { mean, variance: n > 1 ? (spread * n) / (n - 1) : 0, n };
}

/** An answer counts as written again once another one was asked for in its place. */
async function readFigures(db: Executor, experimentId: string): Promise<Record<Arm, ArmFigures>> {
  const columns = sql.join(
    (['broken', 'failed', 'regenerated', 'wait'] as const).map((name) => {
      const own = sql.raw(name);
      return sql`count(${own}) as ${sql.raw(`${name}_n`)}, avg(${own}) as ${sql.raw(`${name}_mean`)},
        coalesce(var_samp(${own}), 0) as ${sql.raw(`${name}_variance`)}`;
    }),
    sql`, `,
  );
  const { rows } = await db.execute<Record<string, string> & { arm: Arm }>(sql`
    with answer as (
      select g.arm, g.user_id, (g.status = 'failed')::int as failed, g.first_token_ms as wait,
        exists (select from ${constraintHit} h where h.generation_id = g.id and ${isTrueHit})::int as broken,
        exists (select from ${message} m where m.replaces_id = g.message_id)::int as regenerated
      from ${generation} g where g.experiment_id = ${experimentId} and g.status <> 'running'),
    person as (
      select arm, user_id, avg(failed)::float8 as failed, avg(wait)::float8 as wait, avg(broken)::float8 as broken,
        avg(regenerated)::float8 as regenerated
      from answer group by arm, user_id)
    select arm, ${columns} from person group by arm`);
  const figuresOf = (arm: Arm): ArmFigures => {
    const row = rows.find((one) => one.arm === arm);
    if (!row) return NO_FIGURES;
    const sample = (name: string): Sample => ({
      mean: Number(row[`${name}_mean`] ?? 0),
      variance: Number(row[`${name}_variance`]),
      n: Number(row[`${name}_n`]),
    });
    const [broken, failed, regenerated] = [sample('broken'), sample('failed'), sample('regenerated')];
    return { thumbs: NOTHING, broken, failed, regenerated, firstTokenMs: sample('wait') };
  };
  return { champion: figuresOf('champion'), candidate: figuresOf('candidate') };
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

/** Times by the clock of the database, which all replicas share. */
async function readStep(db: Executor, row: Canary): Promise<Pick<Evidence, 'stepAnswers' | 'stepMinutes' | 'days'>> {
  const { rows } = await db.execute<{ answers: string; minutes: string; days: string }>(sql`
    select (select count(*) from ${generation} g where g.experiment_id = ${row.experimentId} and g.arm = 'candidate'
        and g.status in ('done', 'stopped') and g.finished_at >= ${row.phaseSince}) as answers,
      extract(epoch from now() - ${row.phaseSince}::timestamptz) / 60 as minutes,
      extract(epoch from now() - ${row.createdAt}::timestamptz) / 86400 as days`);
  const [step] = rows;
  return { stepAnswers: Number(step!.answers), stepMinutes: Number(step!.minutes), days: Number(step!.days) };
}
