// What people said about the newest answers of a version, person by person.
import { type SQL, sql } from 'drizzle-orm';
import { NEWEST_ANSWERS } from '@/core/statistics/newest';
import type { Executor } from '@/db/client';
import { comparison, feedback, generation } from '@/db/schema';

/** Conditions on a row of `generation` under the name `g`. */
export interface Side {
  isOwn: SQL;
  /** The answers that it is compared with. */
  isOther: SQL;
}

export const versionSide = (versionId: string): Side => ({
  isOwn: sql`g.version_id = ${versionId}`,
  isOther: sql`g.version_id <> ${versionId}`,
});

/** Found by the indexes that end with the time. */
export const newestAnswers = ({ isOwn }: Side) => sql`answer as materialized (
  select g.id, g.status from ${generation} g where ${isOwn} order by g.created_at desc limit ${NEWEST_ANSWERS})`;

const isCounted = sql`f.excluded_at is null and f.source <> 'judge'`;
const isSideBySide = (column: string) =>
  sql`exists (select from ${comparison} c where c.${sql.raw(column)} = a.id and c.source = 'side_by_side')`;

export interface ThumbTally {
  person: string;
  up: number;
  n: number;
}

/** Answers shown side by side are not a sample of what users get, so their thumbs are left out. */
export async function countThumbs(db: Executor, side: Side): Promise<ThumbTally[]> {
  const { rows } = await db.execute<{ person: string; up: string; n: string }>(sql`
    with ${newestAnswers(side)}
    select f.user_id as person, count(*) filter (where f.value -> 'up' = 'true') as up, count(*) as n
    from answer a join ${feedback} f on f.generation_id = a.id and f.kind = 'thumb' and ${isCounted}
    where not ${isSideBySide('left_generation_id')} and not ${isSideBySide('right_generation_id')}
    group by f.user_id`);
  return rows.map(({ person, up, n }) => ({ person, up: +up, n: +n }));
}

export type Choices = Record<'wins' | 'losses' | 'ties' | 'bothBad', number>;

/** A win is a comparison with an answer of another side that an answer of this one won. */
export async function countChoices(db: Executor, side: Side): Promise<(Choices & { person: string })[]> {
  const seen = (own: 'left' | 'right', other: 'left' | 'right') => sql`
    select f.user_id as person, f.value ->> 'choice' as choice, ${sql.raw(`'${own}'`)} as won
    from answer a join ${comparison} c on c.${sql.raw(`${own}_generation_id`)} = a.id
    join ${generation} g on g.id = c.${sql.raw(`${other}_generation_id`)} and ${side.isOther}
    join ${feedback} f on f.comparison_id = c.id and ${isCounted}`;
  const { rows } = await db.execute<Record<'person' | 'wins' | 'losses' | 'ties' | 'both_bad', string>>(sql`
    with ${newestAnswers(side)}, seen as (${seen('left', 'right')} union all ${seen('right', 'left')})
    select person, count(*) filter (where choice = won) as wins,
      count(*) filter (where choice in ('left', 'right') and choice <> won) as losses,
      count(*) filter (where choice = 'tie') as ties, count(*) filter (where choice = 'both_bad') as both_bad
    from seen group by person`);
  return rows.map(({ person, wins, losses, ties, both_bad }) => ({
    ...{ person, wins: +wins, losses: +losses, ties: +ties, bothBad: +both_bad },
  }));
}
