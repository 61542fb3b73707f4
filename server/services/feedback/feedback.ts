// Feedback in the chat and over the API: given only by the owner of the conversation, on answers that are finished.
import { and, eq, or } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Choice, FeedbackValue } from '@/core/feedback/kinds';
import type { Executor } from '@/db/client';
import { comparison, generation, message } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { lockFeedback, withdrawFeedback, writeFeedback } from './write';

/** Absent fields keep their values: reasons only while the thumb is the same, a comment under either thumb. */
export async function thumb(
  { db }: Product,
  userId: string,
  input: { generationId: string; value: 1 | -1 | null; reasons?: string[]; comment?: string | null },
): Promise<void> {
  await finishedAnswer(db, userId, input.generationId);
  const subject = { kind: 'thumb', subjectId: input.generationId } as const;
  const { value, comment } = input;
  await db.transaction(async (tx) => {
    if (value === null) {
      await withdrawFeedback(tx, userId, subject);
      return;
    }
    const before = (await lockFeedback(tx, userId, subject))?.value as FeedbackValue<'thumb'> | undefined;
    const up = value === 1;
    const reasons = input.reasons ?? (before?.up === up ? before.reasons : []);
    await writeFeedback(tx, userId, { ...subject, value: { up, reasons }, comment });
  });
}

export async function compare(
  { db }: Product,
  userId: string,
  input: { comparisonId: string; choice: Choice },
): Promise<void> {
  const [pair] = await db
    .select()
    .from(comparison)
    .where(and(eq(comparison.id, input.comparisonId), eq(comparison.userId, userId)));
  if (!pair) throw new AttuneError('NOT_FOUND', `There is no comparison ${input.comparisonId} of yours.`);
  await finishedAnswer(db, userId, pair.leftGenerationId);
  await finishedAnswer(db, userId, pair.rightGenerationId);
  await db.transaction((tx) => choose(tx, userId, pair.id, input.choice));
}

/** Withdraws a choice: a comparison that the product asked for is open again, one that the person made is removed. */
export async function withdraw({ db }: Product, userId: string, comparisonId: string): Promise<void> {
  const [pair] = await db
    .select()
    .from(comparison)
    .where(and(eq(comparison.id, comparisonId), eq(comparison.userId, userId)));
  if (!pair) throw new AttuneError('NOT_FOUND', `There is no comparison ${comparisonId} of yours.`);
  await db.transaction(async (tx) => {
    await withdrawFeedback(tx, userId, { kind: 'comparison', subjectId: pair.id });
    if (pair.source === 'regenerate') await tx.delete(comparison).where(eq(comparison.id, pair.id));
  });
}

/** Stores whether a regenerated answer is better or worse as a comparison; the older answer is the left one. */
export async function prefer(
  { db }: Product,
  userId: string,
  input: { preferredGenerationId: string; otherGenerationId: string },
): Promise<{ comparisonId: string }> {
  const preferred = await finishedAnswer(db, userId, input.preferredGenerationId);
  const other = await finishedAnswer(db, userId, input.otherGenerationId);
  if (preferred.id === other.id || preferred.parentId !== other.parentId) {
    throw new AttuneError(
      'BAD_INPUT',
      `${preferred.id} and ${other.id} are not two answers to one message; compare siblings.`,
    );
  }
  const isFirst = preferred.createdAt <= other.createdAt;
  const [left, right] = isFirst ? [preferred, other] : [other, preferred];
  return db.transaction(async (tx) => {
    await tx
      .insert(comparison)
      .values({
        conversationId: preferred.conversationId,
        userId,
        leftGenerationId: left.id,
        rightGenerationId: right.id,
        source: 'regenerate',
      })
      .onConflictDoNothing();
    const [pair] = await tx
      .select()
      .from(comparison)
      .where(
        or(
          and(eq(comparison.leftGenerationId, left.id), eq(comparison.rightGenerationId, right.id)),
          and(eq(comparison.leftGenerationId, right.id), eq(comparison.rightGenerationId, left.id)),
        ),
      );
    await choose(tx, userId, pair!.id, pair!.leftGenerationId === preferred.id ? 'left' : 'right');
    return { comparisonId: pair!.id };
  });
}

async function choose(tx: Executor, userId: string, comparisonId: string, choice: Choice): Promise<void> {
  await writeFeedback(tx, userId, { kind: 'comparison', subjectId: comparisonId, value: { choice } });
}

/** An answer in one of the person's own conversations, with the message that it answers. */
async function finishedAnswer(db: Executor, userId: string, generationId: string) {
  const [row] = await db
    .select({
      id: generation.id,
      status: generation.status,
      conversationId: generation.conversationId,
      createdAt: generation.createdAt,
      parentId: message.parentId,
    })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .where(and(eq(generation.id, generationId), eq(generation.userId, userId)));
  if (!row) throw new AttuneError('NOT_FOUND', `You have no answer ${generationId}.`);
  if (row.status === 'running')
    throw new AttuneError('CONFLICT', 'The answer is still being written; rate it when it is finished.');
  return row;
}
