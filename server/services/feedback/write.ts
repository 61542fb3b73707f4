// Writes feedback of every kind: one live value for each subject, person and kind, and the history of what was said.
import { isDeepStrictEqual } from 'node:util';
import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import type { FEEDBACK_SOURCES, FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import { FEEDBACK_SUBJECTS } from '@/core/feedback/kinds';
import type { Executor } from '@/db/client';
import { feedback, feedbackHistory } from '@/db/schema';
import { checkCharacters } from '@/server/services/text';

export interface Subject<Kind extends FeedbackKind = FeedbackKind> {
  kind: Kind;
  /** Id of the generation, the comparison or the message that the kind is about (FEEDBACK_SUBJECTS). */
  subjectId: string;
}

export interface Given<Kind extends FeedbackKind = FeedbackKind> extends Subject<Kind> {
  value: FeedbackValue<Kind>;
  /** Absent: the comment that is there stays. */
  comment?: string | null;
  source?: (typeof FEEDBACK_SOURCES)[number];
  assignmentId?: string;
}

type Row = typeof feedback.$inferSelect;
type History = typeof feedbackHistory.$inferSelect;

/**
 * Stores a value, in a transaction. The caller has parsed it (FEEDBACK_VALUES) and has checked that the person may
 * judge the subject. The same value again changes nothing, and is not a second entry of the history.
 */
export async function writeFeedback(tx: Executor, userId: string, given: Given): Promise<Row> {
  checkAllCharacters([given.value, given.comment ?? null]);
  // As it will be read: a field that is undefined is no field.
  const value = JSON.parse(JSON.stringify(given.value)) as FeedbackValue;
  const before = await lockFeedback(tx, userId, given);
  const comment = given.comment === undefined ? (before?.comment ?? null) : given.comment;
  if (before && isDeepStrictEqual(before.value, value) && before.comment === comment) return before;
  const about = subjectColumns(given);
  const { kind, source, assignmentId } = given;
  const said = { value, comment, ...(source && { source }), ...(assignmentId && { assignmentId }) };
  const [row] = before
    ? await tx
        .update(feedback)
        .set({ ...said, updatedAt: sql`now()` })
        .where(eq(feedback.id, before.id))
        .returning()
    : await tx
        .insert(feedback)
        .values({ userId, kind, ...about, ...said, ...(await keptExclusion(tx, userId, given)) })
        .returning();
  await tx.insert(feedbackHistory).values({ userId, kind, ...about, value, comment });
  return row!;
}

/** Removes the live value; the history says that it was withdrawn. False if there was none. */
export async function withdrawFeedback(tx: Executor, userId: string, subject: Subject): Promise<boolean> {
  const before = await lockFeedback(tx, userId, subject);
  if (!before) return false;
  await tx.delete(feedback).where(eq(feedback.id, before.id));
  const { kind } = subject;
  const gone = { userId, kind, ...subjectColumns(subject), value: null, comment: null };
  await tx.insert(feedbackHistory).values({ ...gone, ...exclusionOf(before) });
  return true;
}

const exclusionOf = ({ excludedAt, excludedBy, excludedReason }: Row | History) => ({
  excludedAt,
  excludedBy,
  excludedReason,
});

/** That of the value which was withdrawn last on the subject. */
async function keptExclusion(tx: Executor, userId: string, subject: Subject) {
  const [last] = await tx
    .select()
    .from(feedbackHistory)
    .where(isAbout(feedbackHistory, userId, subject))
    .orderBy(desc(feedbackHistory.id))
    .limit(1);
  return last && last.value === null ? exclusionOf(last) : {};
}

/** The live value; until the transaction ends, other writers of the same value wait, also if there is none yet. */
export async function lockFeedback(tx: Executor, userId: string, subject: Subject): Promise<Row | null> {
  const key = `${userId} ${subject.kind} ${subject.subjectId}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
  const [row] = await tx
    .select()
    .from(feedback)
    .where(isAbout(feedback, userId, subject));
  return row ?? null;
}

/** In the table of live values or in that of the history. */
function isAbout(table: typeof feedback | typeof feedbackHistory, userId: string, { kind, subjectId }: Subject): SQL {
  const about = { generation: table.generationId, comparison: table.comparisonId, message: table.messageId };
  return and(eq(table.userId, userId), eq(table.kind, kind), eq(about[FEEDBACK_SUBJECTS[kind]], subjectId))!;
}

/** The column that names the subject. */
function subjectColumns({ kind, subjectId }: Subject) {
  const about = FEEDBACK_SUBJECTS[kind];
  return {
    ...(about === 'generation' && { generationId: subjectId }),
    ...(about === 'comparison' && { comparisonId: subjectId }),
    ...(about === 'message' && { messageId: subjectId }),
  };
}

function checkAllCharacters(value: unknown): void {
  if (typeof value === 'string') checkCharacters(value, 'feedback');
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      checkCharacters(key, 'feedback');
      checkAllCharacters(inner);
    }
  }
}
