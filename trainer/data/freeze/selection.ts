// Reads from the database what a snapshot is made of, as far as the owners of the conversations consent.
import { and, asc, desc, eq, inArray, lte, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Executor } from '@/db/client';
import { conversationOfFeedback, isTrainable } from '@/db/feedback/trainable-feedback';
import { isOneOf } from '@/db/many';
import { comparison, conversation, feedback, generation, judge, message, questionnaire, user } from '@/db/schema';

const FINISHED: ('done' | 'stopped')[] = ['done', 'stopped'];

/** Feedback of every kind, oldest first. */
export function selectFeedback(tx: Executor, upTo: Date) {
  return tx
    .select({
      id: feedback.id,
      kind: feedback.kind,
      value: feedback.value,
      userId: feedback.userId,
      generationId: feedback.generationId,
      messageId: feedback.messageId,
      left: comparison.leftGenerationId,
      right: comparison.rightGenerationId,
      conversation: conversation.id,
      person: conversation.userId,
      groups: user.groups,
      isByJudge: sql<boolean>`exists (select from ${judge} where ${judge.userId} = ${feedback.userId})`,
    })
    .from(feedback)
    .innerJoin(user, eq(user.id, feedback.userId))
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .where(and(isTrainable, lte(feedback.updatedAt, upTo)))
    .orderBy(asc(feedback.createdAt), asc(feedback.id));
}
export type GivenFeedback = Awaited<ReturnType<typeof selectFeedback>>[number];

/** Finished answers among these, by id. */
export async function selectAnswers(tx: Executor, ids: readonly string[]) {
  const question = alias(message, 'question');
  const found = await tx
    .select({
      id: generation.id,
      versionId: generation.versionId,
      conversationId: generation.conversationId,
      promptIds: generation.promptIds,
      completionIds: generation.completionIds,
      propensity: generation.propensity,
      sampling: generation.sampling,
      question: question.content,
    })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .leftJoin(question, eq(question.id, message.parentId))
    .where(and(isOneOf(generation.id, ids), inArray(generation.status, FINISHED)));
  return new Map(found.map((answer) => [answer.id, answer]));
}
export type Answers = Awaited<ReturnType<typeof selectAnswers>>;
export type Answer = Answers extends Map<infer _Id, infer Found> ? Found : never;

/** The prompt under which each of these messages was answered first; those without an answer are missing. */
export async function selectAnsweredPrompts(tx: Executor, messageIds: readonly string[]) {
  const found = await tx
    .select({ messageId: message.parentId, promptIds: generation.promptIds })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .where(isOneOf(message.parentId, messageIds))
    .orderBy(desc(generation.createdAt));
  // The first one is the last to be set.
  return new Map(found.map(({ messageId, promptIds }) => [messageId, promptIds]));
}

/** The messages of the conversations that these messages are in, by id. */
export async function selectDialogues(tx: Executor, messageIds: readonly string[]) {
  const asked = tx.select({ id: message.conversationId }).from(message).where(isOneOf(message.id, messageIds));
  const found = await tx
    .select({ id: message.id, parentId: message.parentId, role: message.role, content: message.content })
    .from(message)
    .where(inArray(message.conversationId, asked));
  return new Map(found.map((own) => [own.id, own]));
}
export type Dialogues = Awaited<ReturnType<typeof selectDialogues>>;

/** All versions of all questionnaires, newest first. */
export function selectQuestionnaires(tx: Executor) {
  return tx.select().from(questionnaire).orderBy(desc(questionnaire.createdAt), desc(questionnaire.version));
}

/**
 * Every answered message of a consented conversation, with what was said before it and whether or not the answer was
 * rated: the policy is asked it again. A message whose answer is still being written, or failed, waits.
 */
export function selectPrompts(tx: Executor, upTo: Date) {
  return tx
    .select({
      promptIds: generation.promptIds,
      conversation: generation.conversationId,
      person: conversation.userId,
    })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(eq(conversation.allowTraining, true), lte(generation.createdAt, upTo), inArray(generation.status, FINISHED)),
    )
    .orderBy(asc(generation.createdAt), asc(generation.id));
}
export type Prompt = Awaited<ReturnType<typeof selectPrompts>>[number];

/** Most completions of the parent, newest first, that a snapshot holds as experience. */
const MOST_LOGGED = 4096;

/** Only the parent's: the number of updates between it and an older version is not recorded. */
export function selectLogged(tx: Executor, upTo: Date, versionId: string) {
  return tx
    .select({
      promptIds: generation.promptIds,
      completionIds: generation.completionIds,
      logprobs: generation.logprobs,
      sampling: generation.sampling,
      conversation: generation.conversationId,
      person: conversation.userId,
    })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(
      and(
        eq(conversation.allowTraining, true),
        eq(generation.versionId, versionId),
        eq(generation.status, 'done'),
        inArray(generation.finishReason, ['stop', 'length']),
        lte(generation.createdAt, upTo),
      ),
    )
    .orderBy(desc(generation.createdAt), desc(generation.id))
    .limit(MOST_LOGGED);
}
export type Logged = Awaited<ReturnType<typeof selectLogged>>[number];
