// Reads what a person has given on the messages of one conversation.
import { and, eq } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Executor } from '@/db/client';
import { comparison, feedback, generation, message } from '@/db/schema';
import type { GivenView } from './views';

/** By the id of the generation, comparison or message. */
export async function readGiven(db: Executor, userId: string, conversationId: string): Promise<Map<string, GivenView>> {
  const columns = {
    id: feedback.id,
    kind: feedback.kind,
    generationId: feedback.generationId,
    comparisonId: feedback.comparisonId,
    messageId: feedback.messageId,
    value: feedback.value,
    comment: feedback.comment,
  };
  const mine = eq(feedback.userId, userId);
  const rows = await unionAll(
    db
      .select(columns)
      .from(feedback)
      .innerJoin(generation, eq(generation.id, feedback.generationId))
      .where(and(mine, eq(generation.conversationId, conversationId))),
    db
      .select(columns)
      .from(feedback)
      .innerJoin(comparison, eq(comparison.id, feedback.comparisonId))
      .where(and(mine, eq(comparison.conversationId, conversationId))),
    db
      .select(columns)
      .from(feedback)
      .innerJoin(message, eq(message.id, feedback.messageId))
      .where(and(mine, eq(message.conversationId, conversationId))),
  );
  const given = new Map<string, GivenView>();
  for (const { id, kind, value, comment, ...about } of rows) {
    const subjectId = (about.generationId ?? about.comparisonId ?? about.messageId)!;
    given.set(subjectId, { ...given.get(subjectId), [kind]: { id, value, comment } });
  }
  return given;
}
