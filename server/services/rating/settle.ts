// Draws the consequences of an answer: closes a task that has enough, sends disagreements and written answers on.
import { and, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import { type ComparableAnswer, disagree } from '@/core/feedback/agreement';
import type { ScoredQuestion } from '@/core/feedback/quality';
import type { Executor } from '@/db/client';
import { feedback, questionnaire, ratingAssignment, ratingTask } from '@/db/schema';
import { isCheck, type Task } from './assignment';
import type { StoredAnswer } from './task-frame';
import { readTask, readVotes } from './task-view';

/** Disagreements and reviews go before ordinary tasks, whose priority is mostly below 10. */
const PRIORITY = { adjudicate: 1000, review: 500 } as const;
const BY_REVIEW = 'Rejected in review';

interface Changed {
  assignmentId: string;
  /** null if the answer was taken back. */
  stored: StoredAnswer | null;
}

/** The caller holds the task's row, and has written or removed the answer. */
export async function settle(tx: Executor, taskId: string, { assignmentId, stored }: Changed): Promise<void> {
  const task = (await readTask(tx, taskId))!;
  if (isCheck(task)) return;
  const votes = await readVotes(tx, task.id);
  const isFull = votes.length >= task.needed;
  // An admin may have closed it before it was full; only the answer that made it full opens it again.
  const isReopened = stored === null && votes.length === task.needed - 1;
  if (isFull || isReopened)
    await tx
      .update(ratingTask)
      .set(
        isFull
          ? { closedAt: sql`coalesce(${ratingTask.closedAt}, now())` }
          : { closedAt: null, truth: sql`case when ${isDecided} then null else ${ratingTask.truth} end` },
      )
      .where(eq(ratingTask.id, task.id));
  const answers = votes.map(({ value }) => value);
  if (task.kind === 'write' || task.kind === 'correct') await requestReview(tx, task, assignmentId, stored);
  else if (task.reviewsAssignmentId) await applyReviews(tx, task.reviewsAssignmentId, answers);
  else if (task.adjudicatesTaskId) await applyDecision(tx, task.adjudicatesTaskId, answers.at(-1) ?? null);
  else await requestDecision(tx, task, isFull ? answers : []);
}

/** A disagreement waits for one decision; it is dropped again if a changed answer ends it before anyone has decided. */
async function requestDecision(tx: Executor, task: Task, answers: StoredAnswer[]): Promise<void> {
  const isDisputed = answers.length > 1 && disagree(await toComparable(tx, answers));
  if (isDisputed) {
    const { messageId, generationIds, questionnaireId, promptSetId } = task;
    await tx
      .insert(ratingTask)
      .values({
        ...{ messageId, generationIds, questionnaireId, promptSetId },
        kind: 'adjudicate',
        adjudicatesTaskId: task.id,
        priority: PRIORITY.adjudicate,
      })
      .onConflictDoNothing();
    return;
  }
  await tx.delete(ratingTask).where(
    and(
      eq(ratingTask.adjudicatesTaskId, task.id),
      sql`not exists (select from ${ratingAssignment} where ${ratingAssignment.taskId} = ${ratingTask.id}
          and ${ratingAssignment.status} in ('done', 'locked'))`,
    ),
  );
}

/** The decision is the known answer of the task on which raters disagreed; an open one with a truth would be a check. */
async function applyDecision(tx: Executor, taskId: string, decision: StoredAnswer | null): Promise<void> {
  await tx
    .update(ratingTask)
    .set({ truth: decision })
    .where(and(eq(ratingTask.id, taskId), isNotNull(ratingTask.closedAt)));
}

const isDecided = sql`exists (select from ${ratingTask} decision where decision.adjudicates_task_id = ${ratingTask.id})`;

/** Each written answer is reviewed by another rater; a changed one anew. */
async function requestReview(
  tx: Executor,
  { messageId, generationIds, promptSetId }: Task,
  assignmentId: string,
  stored: StoredAnswer | null,
): Promise<void> {
  await tx.delete(ratingTask).where(eq(ratingTask.reviewsAssignmentId, assignmentId));
  await setExcluded(tx, assignmentId, false);
  if (!stored) return;
  await tx.insert(ratingTask).values({
    ...{ messageId, generationIds, promptSetId },
    kind: 'review',
    reviewsAssignmentId: assignmentId,
    priority: PRIORITY.review,
  });
}

/** What most reviewers reject is kept out of training and statistics. */
async function applyReviews(tx: Executor, assignmentId: string, answers: StoredAnswer[]): Promise<void> {
  const accepted = answers.filter((answer) => answer.kind === 'review' && answer.value.accept).length;
  await setExcluded(tx, assignmentId, accepted < answers.length - accepted);
}

/** Leaves alone what an admin has excluded. */
async function setExcluded(tx: Executor, assignmentId: string, isExcluded: boolean): Promise<void> {
  const row = eq(feedback.assignmentId, assignmentId);
  if (isExcluded)
    await tx
      .update(feedback)
      .set({ excludedAt: sql`now()`, excludedReason: BY_REVIEW })
      .where(and(row, sql`${feedback.excludedAt} is null`));
  else
    await tx
      .update(feedback)
      .set({ excludedAt: null, excludedReason: null })
      .where(and(row, eq(feedback.excludedReason, BY_REVIEW), isNull(feedback.excludedBy)));
}

/** Adds the questions, by which questionnaires are compared; what is written is left out. */
export async function toComparable(tx: Executor, answers: readonly StoredAnswer[]): Promise<ComparableAnswer[]> {
  const ids = answers.flatMap((answer) => (answer.kind === 'questionnaire' ? [answer.value.questionnaireId] : []));
  const rows = ids.length > 0 ? await tx.select().from(questionnaire).where(inArray(questionnaire.id, ids)) : [];
  const questions = new Map(rows.map((row) => [row.id, row.questions]));
  return answers.flatMap((answer) => comparableOf(answer, questions) ?? []);
}

export function comparableOf(
  answer: StoredAnswer,
  questions: ReadonlyMap<string, readonly ScoredQuestion[]>,
): ComparableAnswer | null {
  if (answer.kind === 'write' || answer.kind === 'correct') return null;
  if (answer.kind !== 'questionnaire') return answer;
  return { ...answer, questions: questions.get(answer.value.questionnaireId) ?? [] };
}
