// Reads the texts that feedback is about.
import { eq, inArray } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Executor } from '@/db/client';
import { generation, message } from '@/db/schema';

export interface JudgedText {
  id: string;
  versionId: string | null;
  text: string;
  question: string | null;
}

/** By generation id. */
export async function readAnswers(db: Executor, ids: string[]): Promise<Map<string, JudgedText>> {
  const question = alias(message, 'question');
  const found = await db
    .select({ id: generation.id, versionId: generation.versionId, text: message.content, question: question.content })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .leftJoin(question, eq(question.id, message.parentId))
    .where(inArray(generation.id, ids));
  return new Map(found.map((answer) => [answer.id, answer]));
}
