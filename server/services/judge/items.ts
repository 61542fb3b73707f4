// Finds what a judge may read: pairs that people have judged, and items that it has not labelled, the most useful first.
import { and, eq, isNotNull, or, type SQL, sql } from 'drizzle-orm';
import type { LabelKind } from '@/core/judging/judge';
import type { Executor } from '@/db/client';
import { isTrainable } from '@/db/feedback/trainable-feedback';
import { comparison, conversation, feedback, generation, judge, judgeLabel, message, ratingTask } from '@/db/schema';
import { isOpenToRaters } from '@/server/services/rating/assignment';

type Row = typeof judge.$inferSelect;

const isUploaded = and(isNotNull(conversation.promptSetId), eq(conversation.allowTraining, true))!;

/**
 * The base runs in our own engine, so no new reader comes to a chat; what people agreed to names raters. Nobody agreed to
 * readers outside, so an endpoint reads uploaded prompts alone.
 */
export const mayRead = ({ kind }: Pick<Row, 'kind'>): SQL =>
  kind === 'local' ? or(isOpenToRaters, isUploaded)! : isUploaded;

export interface JudgedPair {
  messageId: string;
  left: string;
  right: string;
  /** People's choices, each with its author. */
  votes: { userId: string; choice: 'left' | 'right' }[];
}

/** Pairs on which people took a side, in an order that is the judge's own and stays. */
export async function findJudgedPairs(db: Executor, own: Row, most: number): Promise<JudgedPair[]> {
  const choice = sql`${feedback.value} ->> 'choice'`;
  const rows = await db
    .select({
      messageId: sql<string>`(select a.parent_id from ${message} a where a.id = ${generation.messageId})`,
      left: comparison.leftGenerationId,
      right: comparison.rightGenerationId,
      votes: sql<JudgedPair['votes']>`jsonb_agg(jsonb_build_object('userId', ${feedback.userId}, 'choice', ${choice}))`,
    })
    .from(comparison)
    .innerJoin(conversation, eq(conversation.id, comparison.conversationId))
    .innerJoin(generation, eq(generation.id, comparison.leftGenerationId))
    .innerJoin(feedback, eq(feedback.comparisonId, comparison.id))
    .where(
      and(
        mayRead(own),
        isTrainable,
        sql`${choice} in ('left', 'right')`,
        sql`not exists (select from ${judge} j where j.user_id = ${feedback.userId})`,
      ),
    )
    .groupBy(comparison.id, generation.messageId)
    .orderBy(sql`md5(${comparison.id}::text || ${own.id}::text)`)
    .limit(most);
  return rows;
}

export interface Item {
  kind: LabelKind;
  conversationId: string;
  messageId: string;
  generationIds: string[];
  /** How many items of this kind are left, this one among them. */
  left: number;
}

const finished = (name: string) => sql.raw(`${name}.status in ('done', 'stopped')`);
const notLabelled = (own: Row, kind: LabelKind, first: string, second: string) =>
  sql`not exists (select from ${judgeLabel} done where done.judge_id = ${own.id} and done.kind = ${kind}
    and done.generation_id = ${sql.raw(first)} and coalesce(done.other_generation_id, done.generation_id) = ${sql.raw(second)})`;
/** The place that the trainer gave an open task on these answers (core/tasks); without a task they come last. */
const usefulness = (kind: string, about: SQL) =>
  sql`coalesce((select max(t.priority) from ${ratingTask} t where t.kind = ${kind} and t.closed_at is null
    and t.truth is null and ${about}), -1)`;

/** One pair of a message: that of an open task, or else the newest two answers. */
function findPairs(db: Executor, own: Row, most: number) {
  return db.execute<Found>(sql`
    with pairs as (
      select distinct on (m.id) m.id as message_id, m.conversation_id, l.id as first, r.id as second, m.created_at,
        ${usefulness('compare', sql`t.generation_ids @> array[l.id, r.id]`)} as use
      from ${message} m
      join ${conversation} on ${conversation.id} = m.conversation_id
      join ${message} lm on lm.parent_id = m.id join ${generation} l on l.message_id = lm.id
      join ${message} rm on rm.parent_id = m.id join ${generation} r on r.message_id = rm.id
      where ${mayRead(own)} and l.id < r.id and ${finished('l')} and ${finished('r')} and l.prompt_ids = r.prompt_ids
        and lm.content <> '' and rm.content <> '' and lm.content <> rm.content
      order by m.id, use desc, greatest(l.created_at, r.created_at) desc, l.id, r.id)
    select message_id, conversation_id, array[first, second] as generation_ids, count(*) over () as remaining
    from pairs where ${notLabelled(own, 'comparison', 'first', 'second')}
    order by use desc, created_at desc, message_id limit ${most}`);
}

type Found = { message_id: string; conversation_id: string; generation_ids: string[]; remaining: string };

/** `use`: what comes first. */
function findAnswers(db: Executor, own: Row, kind: LabelKind, use: SQL, most: number) {
  return db.execute<Found>(sql`
    select a.parent_id as message_id, g.conversation_id, array[g.id] as generation_ids, count(*) over () as remaining
    from ${generation} g
    join ${message} a on a.id = g.message_id
    join ${conversation} on ${conversation.id} = g.conversation_id
    where ${mayRead(own)} and ${finished('g')} and a.parent_id is not null and a.content <> ''
      and ${notLabelled(own, kind, 'g.id', 'g.id')}
    order by ${use} desc, g.created_at desc, g.id limit ${most}`);
}

const isAbout = sql`g.id = any(t.generation_ids)`;
/** An answer that somebody disliked has something to correct. */
const isDisliked = sql`(select count(*) from ${feedback} f where f.generation_id = g.id and f.excluded_at is null
  and (f.value -> 'up' = 'false' or (f.kind = 'rating' and (f.value ->> 'rating')::int <= 4)))`;

export async function findItems(db: Executor, own: Row, kind: LabelKind, most: number): Promise<Item[]> {
  const { rows } =
    kind === 'comparison'
      ? await findPairs(db, own, most)
      : kind === 'rating'
        ? await findAnswers(db, own, kind, usefulness('rate', isAbout), most)
        : await findAnswers(db, own, kind, sql`${usefulness('correct', isAbout)} desc, ${isDisliked}`, most);
  return rows.map((row) => ({
    kind,
    conversationId: row.conversation_id,
    messageId: row.message_id,
    generationIds: row.generation_ids,
    left: Number(row.remaining),
  }));
}
