// Reads the texts that feedback is about.
import { eq, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { FeedbackValue } from '@/core/feedback/kinds';
import type { Executor } from '@/db/client';
import { type feedback, generation, message } from '@/db/schema';

export interface JudgedText {
  id: string;
  versionId: string | null;
  text: string;
  question: string | null;
  createdAt: Date;
}

interface Given {
  feedback: Pick<typeof feedback.$inferSelect, 'generationId' | 'value'>;
  pair: { left: string; right: string } | null;
}

/** The answers that feedback is about, in the order in which it names them. */
export function judgedIds({ feedback, pair }: Given): string[] {
  if (feedback.generationId) return [feedback.generationId];
  if (pair) return [pair.left, pair.right];
  const value = feedback.value as Partial<FeedbackValue<'best_of'> & FeedbackValue<'ranking'>>;
  return value.generationIds ?? value.order?.flat() ?? [];
}

/** By generation id. */
export async function readAnswers(db: Executor, ids: string[]): Promise<Map<string, JudgedText>> {
  const question = alias(message, 'question');
  const found = await db
    .select({
      id: generation.id,
      versionId: generation.versionId,
      text: message.content,
      question: question.content,
      createdAt: generation.createdAt,
    })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .leftJoin(question, eq(question.id, message.parentId))
    .where(inArray(generation.id, ids));
  return new Map(found.map((answer) => [answer.id, answer]));
}

/** The texts of messages, by id. */
export async function readTexts(db: Executor, ids: readonly string[]): Promise<Map<string, string>> {
  const found = await db
    .select({ id: message.id, text: message.content })
    .from(message)
    .where(sql`${message.id} = any(${sql.param([...new Set(ids)])}::uuid[])`);
  return new Map(found.map(({ id, text }) => [id, text]));
}
