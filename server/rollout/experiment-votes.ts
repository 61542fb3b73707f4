// Reads what people said in an experiment, vote by vote, and what each arm's answers were like.
import { sql } from 'drizzle-orm';
import { ARM_GUARDS, type ArmFigures } from '@/core/rollout/review';
import type { Executor } from '@/db/client';
import { comparison, constraintHit, conversation, feedback, generation, generationArm, message } from '@/db/schema';
import type { Arm, Experiment } from './assign';
import { isTrueHit } from './rule-hits';

type Sql = ReturnType<typeof sql>;
type Asked = Pick<Experiment, 'id' | 'change' | 'createdAt'>;

/** The oldest count: a decision stands on the first votes. */
const MOST_VOTES = 50_000;
/** What people did in these days before the experiment foretells what they do in it. */
const DAYS_BEFORE = 28;
/** Characters of a message that its language is told by. */
const MOST_QUESTION = 500;

/** The key and the condition on rows of `generation` that pick an experiment's answers, by arm. */
export function sidesOf({ id, change }: Asked): { key: Sql; where: Sql } {
  if (change === null) return { key: sql`arm`, where: sql`experiment_id = ${id}` };
  return {
    key: sql`(select a.arm from ${generationArm} a where a.experiment_id = ${id} and a.generation_id = ${generation}.id)`,
    where: sql`id in (select a.generation_id from ${generationArm} a where a.experiment_id = ${id})`,
  };
}

/** Rows of `id`, `arm` and `propensity`. */
const answersOf = ({ id, change }: Asked): Sql =>
  change === null
    ? sql`(select id, arm, propensity from ${generation} where experiment_id = ${id})`
    : sql`(select generation_id as id, arm, propensity from ${generationArm} where experiment_id = ${id})`;

export interface Thumb {
  person: string;
  arm: Arm;
  propensity: number;
  up: boolean;
  at: Date;
  /** The beginning of the message that was answered; null where the chat may not be read. */
  question: string | null;
}

const isCounted = sql`f.excluded_at is null and f.source <> 'judge'`;

/** Answers shown side by side are not a sample of an arm's users, so their thumbs are left out. */
export async function readThumbs(db: Executor, experiment: Asked): Promise<Thumb[]> {
  const { rows } = await db.execute<{
    person: string;
    arm: Arm;
    propensity: number;
    up: boolean;
    at: string;
    question: string | null;
  }>(sql`
    select f.user_id as person, a.arm, a.propensity, f.value -> 'up' = 'true' as up, f.created_at as at,
      case when k.allow_training then left(q.content, ${MOST_QUESTION}) end as question
    from ${answersOf(experiment)} a join ${feedback} f on f.generation_id = a.id and f.kind = 'thumb' and ${isCounted}
    join ${generation} g on g.id = a.id join ${message} m on m.id = g.message_id
    join ${conversation} k on k.id = g.conversation_id left join ${message} q on q.id = m.parent_id
    where not exists (select from ${comparison} c where c.left_generation_id = a.id and c.source = 'side_by_side')
      and not exists (select from ${comparison} c where c.right_generation_id = a.id and c.source = 'side_by_side')
    order by f.created_at, f.id limit ${MOST_VOTES}`);
  return rows.map((row) => ({ ...row, at: new Date(row.at) }));
}

export interface Choice {
  person: string;
  /** The candidate's answer was preferred. */
  won: boolean;
  at: Date;
}

/** Decided comparisons between the arms. */
export async function readChoices(db: Executor, experiment: Asked): Promise<Choice[]> {
  const { rows } = await db.execute<{ person: string; won: boolean; at: string }>(sql`
    with side as (select id, arm from ${answersOf(experiment)} a)
    select f.user_id as person, (f.value ->> 'choice' = 'left') = (l.arm = 'candidate') as won, f.created_at as at
    from side l join ${comparison} c on c.left_generation_id = l.id
    join side r on r.id = c.right_generation_id and r.arm <> l.arm
    join ${feedback} f on f.comparison_id = c.id and ${isCounted} and f.value ->> 'choice' in ('left', 'right')
    order by f.created_at, f.id limit ${MOST_VOTES}`);
  return rows.map((row) => ({ ...row, at: new Date(row.at) }));
}

/** Each person's share of thumbs up before the experiment; people without one are new. */
export async function readBefore(
  db: Executor,
  { createdAt }: Asked,
  people: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await db.execute<{ person: string; liked: number }>(sql`
    select f.user_id as person, avg((f.value -> 'up' = 'true')::int)::float8 as liked from ${feedback} f
    where f.kind = 'thumb' and ${isCounted} and f.user_id = any(${sql.param([...people])}::text[])
      and f.created_at < ${createdAt}::timestamptz
      and f.created_at >= ${createdAt}::timestamptz - make_interval(days => ${DAYS_BEFORE})
    group by f.user_id`);
  return new Map(rows.map(({ person, liked }) => [person, liked]));
}

const NOTHING = { mean: 0, variance: 0, n: 0 };
const NO_FIGURES = Object.fromEntries(ARM_GUARDS.map((name) => [name, NOTHING])) as ArmFigures;

/**
 * Of the guards that are no votes. Each is a mean over people; an answer counts as written again once another one was
 * asked for in its place.
 */
export async function readFigures(db: Executor, experiment: Asked): Promise<Record<Arm, ArmFigures>> {
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
      select a.arm, g.user_id, (g.status = 'failed')::int as failed, g.first_token_ms as wait,
        exists (select from ${constraintHit} h where h.generation_id = g.id and ${isTrueHit})::int as broken,
        exists (select from ${message} m where m.replaces_id = g.message_id)::int as regenerated
      from ${answersOf(experiment)} a join ${generation} g on g.id = a.id where g.status <> 'running'),
    person as (
      select arm, user_id, avg(failed)::float8 as failed, avg(wait)::float8 as wait, avg(broken)::float8 as broken,
        avg(regenerated)::float8 as regenerated
      from answer group by arm, user_id)
    select arm, ${columns} from person group by arm`);
  const figuresOf = (arm: Arm): ArmFigures => {
    const row = rows.find((one) => one.arm === arm);
    if (!row) return NO_FIGURES;
    const sample = (name: string) => ({
      mean: Number(row[`${name}_mean`] ?? 0),
      variance: Number(row[`${name}_variance`]),
      n: Number(row[`${name}_n`]),
    });
    const [broken, failed, regenerated] = [sample('broken'), sample('failed'), sample('regenerated')];
    return { thumbs: NOTHING, broken, failed, regenerated, firstTokenMs: sample('wait') };
  };
  return { champion: figuresOf('champion'), candidate: figuresOf('candidate') };
}
