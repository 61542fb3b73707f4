// Says what a sent message led to, also when it is sent a second time under the same id.
import { and, asc, eq, isNull } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { comparison, generation, message } from '@/db/schema';
import { type GenerationRow, generated } from '../generation/row';
import { isMaskOf } from '../rule/input';
import { noticesOf } from '../rule/notice';
import type { SendResult } from '../views';
import type { MessageRow } from './path';

/** null if no message of the chat has the id yet. Throws CONFLICT if one with another text has it. */
export async function findSent(
  tx: Executor,
  { conversationId, clientMessageId, text }: { conversationId: string; clientMessageId: string; text: string },
): Promise<Omit<SendResult, 'allowTraining'> | null> {
  const [first] = await tx
    .select()
    .from(message)
    .where(
      and(
        eq(message.conversationId, conversationId),
        eq(message.clientMessageId, clientMessageId),
        eq(message.role, 'user'),
      ),
    );
  if (!first) return null;
  if (!isMaskOf(first.content, text))
    throw new AttuneError(
      'CONFLICT',
      `Another message of this chat has the clientMessageId ${clientMessageId}; send this one under a new id.`,
    );
  const answers = await tx
    .select({ generation })
    .from(message)
    .innerJoin(generation, eq(generation.messageId, message.id))
    .where(and(eq(message.parentId, first.id), isNull(message.clientMessageId)))
    .orderBy(asc(message.createdAt));
  const rows = answers.map((answer) => generated(answer.generation));
  const [pair] = await tx
    .select({ id: comparison.id })
    .from(comparison)
    .where(and(eq(comparison.leftGenerationId, rows[0]!.id), eq(comparison.source, 'side_by_side')));
  return resultOf(tx, first, rows, pair?.id ?? null);
}

export async function resultOf(
  tx: Executor,
  userMessage: MessageRow,
  rows: GenerationRow[],
  comparisonId: string | null,
) {
  return {
    conversationId: userMessage.conversationId,
    userMessageId: userMessage.id,
    answers: rows.map((row) => ({ messageId: row.messageId, generationId: row.id })),
    comparisonId,
    text: userMessage.content,
    notices: await noticesOf(tx, { messageId: userMessage.id, finishReason: null }),
  };
}
