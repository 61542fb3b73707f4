// Defines which feedback has not yet been used in training.
import { and, eq, gt, inArray, ne, type SQL, sql } from 'drizzle-orm';
import { JUDGED_STATUSES } from '@/core/contract';
import type { Executor } from '../client';
import {
  comparison,
  conversation,
  feedback,
  generation,
  message,
  raterStanding,
  snapshot,
  trainingRun,
} from '../schema';
import { conversationOfFeedback, isTrainable } from './trainable-feedback';

/** The largest integer of Postgres. */
const ALL = 2 ** 31 - 1;

/**
 * Feedback of every kind but implicit signals, which start no training, and of everyone but banned people, in conversations
 * whose owners allow training, that no judged run has seen: given, changed or consented to after its data was frozen. A run
 * that failed or was cancelled uses nothing up. With `since`, only newer votes count; counting stops at `most`.
 */
export async function countUnusedFeedback(db: Executor, since: Date | null = null, most = ALL): Promise<number> {
  // Read first, because the planner must know it to choose the index; as text, because a Date has no microseconds.
  const [seen] = await db
    .select({ upTo: sql<string | null>`max(${snapshot.frozenUpTo})::text` })
    .from(trainingRun)
    .innerJoin(snapshot, eq(snapshot.id, trainingRun.snapshotId))
    .where(and(eq(trainingRun.kind, 'train'), inArray(trainingRun.status, [...JUDGED_STATUSES])));
  // greatest() ignores nulls.
  const after = sql`greatest(${seen?.upTo ?? null}::timestamptz, ${since?.toISOString() ?? null}::timestamptz, '-infinity')`;
  // Each part reads one index from its end, however much feedback there is.
  const given = counted(db, gt(feedback.updatedAt, after), most);
  const consented = counted(db, inArray(feedback.id, feedbackConsentedTo(after)), most);
  const { rows } = await db.execute<{ n: string }>(
    sql`select count(*) as n from (select * from (${given} union ${consented}) unused limit ${most}) unused`,
  );
  return +rows[0]!.n;
}

const counted = (db: Executor, isNew: SQL | undefined, most: number) =>
  sql`(${db
    .select({ id: feedback.id })
    .from(feedback)
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .where(
      and(
        isNew,
        isTrainable,
        ne(feedback.kind, 'implicit'),
        // A judge that labels what a version wrote would start the training of the next one.
        ne(feedback.source, 'judge'),
        sql`not exists (select from ${raterStanding} s where s.user_id = ${feedback.userId} and s.standing = 'banned')`,
      ),
    )
    .limit(most)})`;

/** On answers, pairs and messages of conversations whose owners allowed training after that. */
const feedbackConsentedTo = (after: SQL) => sql`(
  select f.id from ${conversation} c join ${generation} g on g.conversation_id = c.id
    join ${feedback} f on f.generation_id = g.id where c.consented_at > ${after}
  union all
  select f.id from ${conversation} c join ${generation} g on g.conversation_id = c.id
    join ${comparison} p on p.left_generation_id = g.id
    join ${feedback} f on f.comparison_id = p.id where c.consented_at > ${after}
  union all
  select f.id from ${conversation} c join ${message} m on m.conversation_id = c.id
    join ${feedback} f on f.message_id = m.id where c.consented_at > ${after})`;
