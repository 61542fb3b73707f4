// Takes a rater's answer: checks the place, writes the feedback, and lets it be changed or taken back until it is used.
import { isDeepStrictEqual } from 'node:util';
import { and, desc, eq, max, ne, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { FeedbackKind } from '@/core/feedback/kinds';
import type { SKIP_REASONS, TaskAnswer } from '@/core/feedback/task-answers';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import type { Executor } from '@/db/client';
import { conversation, feedback, message, questionnaire, ratingAssignment, ratingTask, snapshot } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { checkAnswers } from '@/server/services/feedback/questionnaire';
import { type Subject, withdrawFeedback, writeFeedback } from '@/server/services/feedback/write';
import { fitAnswer } from '@/server/services/generation/prompt';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';
import {
  checkServable,
  checkStanding,
  countTaken,
  type Held,
  holdAssignment,
  inMinutes,
  isCheck,
  isServable,
  type Rater,
  takeTurn,
} from './assignment';
import { pairOf } from './pair';
import { settle } from './settle';
import { type StoredAnswer, toStored } from './task-frame';
import { answerKindOf, readCompletions, readTask, viewTask } from './task-view';
import type { RatingTaskView } from './views';

/** About 24 days; what lay open for longer was not worked on. */
const MOST_MILLISECONDS = 2 ** 31 - 1;

export async function answerTask(
  product: Product,
  rater: Rater,
  input: { assignmentId: string; answer: TaskAnswer; comment?: string | null },
): Promise<void> {
  await product.db.transaction(async (tx) => {
    await takeTurn(tx, rater);
    await checkStanding(tx, rater);
    const held = await holdAssignment(tx, rater, input.assignmentId);
    await checkServable(tx, held.task.id);
    await checkPlace(tx, rater, held);
    const stored = await parseAnswer(tx, product, held, input.answer);
    const { assignment, task } = held;
    const isFirst = assignment.status !== 'done';
    const isSame = !isFirst && isDeepStrictEqual(assignment.value, stored);
    await tx
      .update(ratingAssignment)
      .set({
        status: 'done',
        value: stored,
        skipReason: null,
        ...(isFirst && {
          finishedAt: sql`now()`,
          milliseconds: sql`least(${MOST_MILLISECONDS}, extract(epoch from clock_timestamp() - ${ratingAssignment.createdAt}) * 1000)::int`,
        }),
      })
      .where(eq(ratingAssignment.id, assignment.id));
    if (countsAsFeedback(held)) {
      const subject = await subjectOf(tx, held, stored);
      if (subject)
        await writeFeedback(tx, rater.id, {
          ...subject,
          comment: input.comment ?? null,
          source: 'workplace',
          assignmentId: assignment.id,
        });
    }
    // Sent twice, a text is reviewed once.
    if (!assignment.isRepeat && !isSame) await settle(tx, task.id, { assignmentId: assignment.id, stored });
  });
}

/** Repeats measure the rater, and checks are held out. */
const countsAsFeedback = ({ assignment, task }: Held) => !assignment.isRepeat && !isCheck(task);

/** An answer after the lock's end is taken if its place is still free. */
async function checkPlace(tx: Executor, rater: Rater, held: Held): Promise<void> {
  const { assignment, task } = held;
  if (assignment.status === 'done') return checkUnused(tx, held);
  if (!countsAsFeedback(held)) return;
  if (task.closedAt)
    throw new AttuneError('CONFLICT', 'This task is closed. Take the next one.', { param: 'assignmentId' });
  if (assignment.status === 'locked' && assignment.lockedUntil > new Date()) return;
  if ((await countTaken(tx, task.id, rater.id)) >= task.needed)
    throw new AttuneError(
      'CONFLICT',
      'Your time for this task ended and another rater has it now. Take the next one.',
      {
        param: 'assignmentId',
      },
    );
}

/** Throws CONFLICT when a snapshot was frozen after the answer, which may rest on it, or a disagreement about it has been settled. */
async function checkUnused(tx: Executor, { assignment, task }: Held): Promise<void> {
  if (task.truth !== null && !isCheck(task))
    throw new AttuneError('CONFLICT', 'A disagreement about this task has been settled; the answers stay as they are.');
  const [given] = await tx.select().from(feedback).where(eq(feedback.assignmentId, assignment.id));
  const [frozen] = await tx.select({ upTo: max(snapshot.frozenUpTo) }).from(snapshot);
  const at = given?.updatedAt ?? assignment.finishedAt;
  if (at && frozen?.upTo && at <= frozen.upTo)
    throw new AttuneError(
      'CONFLICT',
      'Data for training has been frozen since this answer, so it can no longer be changed.',
    );
}

async function parseAnswer(tx: Executor, product: Product, held: Held, answer: TaskAnswer): Promise<StoredAnswer> {
  const { assignment, task } = held;
  const disputed = task.adjudicatesTaskId ? await readTask(tx, task.adjudicatesTaskId) : null;
  const kind = answerKindOf(task, disputed);
  if (answer.kind !== kind)
    throw new AttuneError('BAD_INPUT', `The task asks for an answer of the kind ${kind}, not ${answer.kind}.`);
  const { questionnaireId } = task;
  if (answer.kind === 'questionnaire') {
    const [asked] = await tx.select().from(questionnaire).where(eq(questionnaire.id, questionnaireId!));
    // A task keeps asking the version that it was made with.
    checkAnswers({ questionnaireId: questionnaireId!, ...answer.value }, { ...asked!, retiredAt: null });
  }
  if (answer.kind === 'review') checkReason(answer.value);
  if (answer.kind === 'write' || answer.kind === 'correct') {
    checkWritten(product, answer.value.text);
    const [shown] = answer.kind === 'correct' ? await readCompletions(tx, assignment.shown) : [];
    if (shown === answer.value.text)
      throw new AttuneError('BAD_INPUT', 'The text is unchanged. Correct something, or skip the task.');
  }
  return toStored(answer, { generationIds: task.generationIds, shown: assignment.shown, questionnaireId });
}

function checkReason({ reason }: { reason?: string }): void {
  if (reason?.trim()) checkText(reason, 'reason', TEXT_LIMITS.comment);
}

function checkWritten({ base, maxContext }: Product, text: string): void {
  checkText(text, 'text');
  const tokens = base.tokenizer.encode(text).length;
  const limit = fitAnswer(maxContext, maxContext);
  if (tokens > limit) throw new AttuneError('TOO_LONG', `The text takes ${tokens} tokens; ${limit} fit. Shorten it.`);
}

/** What the feedback is about, with its value; null for a review, whose outcome acts on the reviewed answer. */
async function subjectOf(tx: Executor, { task }: Held, stored: StoredAnswer) {
  const [generationId] = task.generationIds;
  switch (stored.kind) {
    case 'compare': {
      const pair = await pairOf(tx, task);
      return { kind: 'comparison', subjectId: pair.id, value: pair.orient(stored.value) } as const;
    }
    case 'rate':
      return { kind: 'rating', subjectId: generationId!, value: stored.value } as const;
    case 'rank':
      return { kind: 'ranking', subjectId: task.messageId, value: stored.value } as const;
    case 'questionnaire':
      return { kind: 'questionnaire', subjectId: generationId!, value: stored.value } as const;
    case 'write':
      return { kind: 'demonstration', subjectId: task.messageId, value: stored.value } as const;
    case 'correct':
      return { kind: 'correction', subjectId: generationId!, value: stored.value } as const;
    case 'review':
      return null;
  }
}

/** Another rater may take the place; this rater does not get the task again. */
export async function skipTask(
  { db }: Product,
  rater: Rater,
  { assignmentId, reason }: { assignmentId: string; reason: (typeof SKIP_REASONS)[number] },
): Promise<void> {
  await db.transaction(async (tx) => {
    await takeTurn(tx, rater);
    const { assignment } = await holdAssignment(tx, rater, assignmentId);
    if (assignment.status === 'done')
      throw new AttuneError('CONFLICT', 'You have answered this task. Take the answer back before you skip it.');
    await tx
      .update(ratingAssignment)
      .set({ status: 'skipped', skipReason: reason, finishedAt: sql`now()` })
      .where(eq(ratingAssignment.id, assignment.id));
  });
}

/** Takes an answer back and holds its task again, in place of any other. */
export async function undoTask(product: Product, rater: Rater, assignmentId: string): Promise<RatingTaskView> {
  const { lockMinutes } = (await readSettings(product.db)).rating;
  return product.db.transaction(async (tx) => {
    await takeTurn(tx, rater);
    await checkStanding(tx, rater);
    const held = await holdAssignment(tx, rater, assignmentId);
    const { assignment, task } = held;
    if (assignment.status !== 'done') throw new AttuneError('CONFLICT', 'There is no answer to take back.');
    await checkServable(tx, task.id);
    await checkUnused(tx, held);
    const subject = countsAsFeedback(held) ? await givenSubject(tx, assignment.id) : null;
    if (subject) await withdrawFeedback(tx, rater.id, subject);
    await tx
      .update(ratingAssignment)
      .set({ status: 'expired' })
      .where(
        and(
          eq(ratingAssignment.userId, rater.id),
          eq(ratingAssignment.status, 'locked'),
          ne(ratingAssignment.id, assignment.id),
        ),
      );
    const [reopened] = await tx
      .update(ratingAssignment)
      .set({
        status: 'locked',
        value: null,
        milliseconds: null,
        finishedAt: null,
        createdAt: sql`now()`,
        lockedUntil: inMinutes(lockMinutes),
      })
      .where(eq(ratingAssignment.id, assignment.id))
      .returning();
    if (!assignment.isRepeat) await settle(tx, task.id, { assignmentId: assignment.id, stored: null });
    return viewTask(tx, { assignment: reopened!, task });
  });
}

async function givenSubject(tx: Executor, assignmentId: string): Promise<Subject | null> {
  const [row] = await tx.select().from(feedback).where(eq(feedback.assignmentId, assignmentId));
  const subjectId = row && (row.generationId ?? row.comparisonId ?? row.messageId);
  return row && subjectId ? { kind: row.kind as FeedbackKind, subjectId } : null;
}

/** The answer that the rater gave `back` answers ago, from 1; null if there is none that may still be shown. */
export async function readPast({ db }: Product, rater: Rater, back: number): Promise<RatingTaskView | null> {
  return db.transaction(async (tx) => {
    await checkStanding(tx, rater);
    const [held] = await tx
      .select({ assignment: ratingAssignment, task: ratingTask })
      .from(ratingAssignment)
      .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
      .innerJoin(message, eq(message.id, ratingTask.messageId))
      .innerJoin(conversation, eq(conversation.id, message.conversationId))
      .where(and(eq(ratingAssignment.userId, rater.id), eq(ratingAssignment.status, 'done'), isServable))
      .orderBy(desc(ratingAssignment.finishedAt), desc(ratingAssignment.id))
      .limit(1)
      .offset(back - 1);
    return held ? viewTask(tx, held) : null;
  });
}
