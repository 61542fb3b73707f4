// Builds what a rater sees of a task, without any trace of where it comes from.
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { feedback, generation, guideline, message, questionnaire, ratingAssignment, ratingTask } from '@/db/schema';
import { readSettings } from '@/db/settings';
import type { Assignment, Held, Task } from './assignment';
import { hidePersonalData } from './hide-personal';
import { type StoredAnswer, toShown } from './task-frame';
import type { RatingTaskView } from './views';

export async function viewTask(tx: Executor, { assignment, task }: Held): Promise<RatingTaskView> {
  const frame = { generationIds: task.generationIds, shown: assignment.shown, questionnaireId: task.questionnaireId };
  const disputed = task.adjudicatesTaskId ? await readTask(tx, task.adjudicatesTaskId) : null;
  const kind = task.kind;
  const answerKind = answerKindOf(task, disputed);
  const { rating } = await readSettings(tx);
  const hide = (text: string) => (rating.hidePersonalData ? hidePersonalData(text) : text);
  // What is corrected begins as the text itself, which must not change on the way.
  const isEdited = answerKind === 'correct';
  const prompt = await readPrompt(tx, task.messageId);
  const completions = await readCompletions(tx, assignment.shown);
  const written = task.reviewsAssignmentId ? await readWritten(tx, task.reviewsAssignmentId) : null;
  const stored = assignment.status === 'done' ? (assignment.value as StoredAnswer | null) : null;
  return {
    assignmentId: assignment.id,
    kind,
    answerKind,
    prompt: prompt.map(({ role, content }) => ({ role, content: hide(content) })),
    completions: isEdited ? completions : completions.map(hide),
    hiding: !rating.hidePersonalData ? 'nothing' : isEdited ? 'all_but_edited' : 'all',
    questions: await readQuestions(tx, task.questionnaireId),
    guideline: await readGuideline(tx, assignment),
    written: written === null ? null : hide(written),
    votes: disputed
      ? (await readVotes(tx, disputed.id)).map(({ value, comment }) => ({
          answer: toShown(value, frame),
          comment: comment && hide(comment),
        }))
      : null,
    lockedUntil: assignment.lockedUntil,
    given: stored && { answer: toShown(stored, frame), comment: await readComment(tx, assignment.id) },
  };
}

export function answerKindOf(task: Task, disputed: Task | null): RatingTaskView['answerKind'] {
  const { kind } = disputed ?? task;
  // A disagreement is never about a disagreement.
  return kind === 'adjudicate' ? 'review' : kind;
}

export async function readTask(tx: Executor, id: string): Promise<Task | null> {
  const [task] = await tx.select().from(ratingTask).where(eq(ratingTask.id, id));
  return task ?? null;
}

/** From the first message to the one that is answered. */
export async function readPrompt(tx: Executor, messageId: string): Promise<RatingTaskView['prompt']> {
  const { rows } = await tx.execute<{ role: 'user' | 'assistant'; content: string }>(sql`
    with recursive path as (
      select id, parent_id, role, content, 0 as depth from ${message} where id = ${messageId}
      union all
      select m.id, m.parent_id, m.role, m.content, p.depth + 1 from ${message} m join path p on m.id = p.parent_id
    ) select role, content from path order by depth desc`);
  return rows.map(({ role, content }) => ({ role, content }));
}

/** In the order of the ids. */
export async function readCompletions(tx: Executor, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await tx
    .select({ id: generation.id, text: message.content })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .where(inArray(generation.id, [...ids]));
  const texts = new Map(rows.map(({ id, text }) => [id, text]));
  return ids.map((id) => texts.get(id) ?? '');
}

export async function readQuestions(tx: Executor, id: string | null) {
  if (!id) return null;
  const [row] = await tx
    .select({ questions: questionnaire.questions })
    .from(questionnaire)
    .where(eq(questionnaire.id, id));
  return row?.questions ?? null;
}

async function readGuideline(tx: Executor, { guidelineVersion }: Assignment) {
  if (guidelineVersion === null) return null;
  const [row] = await tx
    .select({ version: guideline.version, text: guideline.text })
    .from(guideline)
    .where(eq(guideline.version, guidelineVersion));
  return row ?? null;
}

async function readWritten(tx: Executor, assignmentId: string): Promise<string | null> {
  const [row] = await tx
    .select({ value: ratingAssignment.value })
    .from(ratingAssignment)
    .where(eq(ratingAssignment.id, assignmentId));
  const stored = row?.value as StoredAnswer | null | undefined;
  return stored && (stored.kind === 'write' || stored.kind === 'correct') ? stored.value.text : null;
}

/** The answers of different raters to one task, oldest first. */
export async function readVotes(tx: Executor, taskId: string) {
  const rows = await tx
    .select({ value: ratingAssignment.value, comment: feedback.comment, userId: ratingAssignment.userId })
    .from(ratingAssignment)
    .leftJoin(feedback, eq(feedback.assignmentId, ratingAssignment.id))
    .where(
      and(
        eq(ratingAssignment.taskId, taskId),
        eq(ratingAssignment.status, 'done'),
        eq(ratingAssignment.isRepeat, false),
      ),
    )
    .orderBy(asc(ratingAssignment.finishedAt));
  return rows.map(({ value, ...row }) => ({ ...row, value: value as StoredAnswer }));
}

async function readComment(tx: Executor, assignmentId: string): Promise<string | null> {
  const [row] = await tx
    .select({ comment: feedback.comment })
    .from(feedback)
    .where(eq(feedback.assignmentId, assignmentId));
  return row?.comment ?? null;
}
