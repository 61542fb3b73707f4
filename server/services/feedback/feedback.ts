// Feedback: one current value for each (answer or pair, person, kind), given only by the owner of the conversation.
import { and, eq, or, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { comparison, feedback, generation, message } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkCharacters } from '@/server/services/text';
import type { Choice } from '@/server/services/views';

/** Absent fields keep their values: reasons only while the thumb is the same, a comment under either thumb. */
export async function thumb(
  { db }: Product,
  userId: string,
  input: { generationId: string; value: 1 | -1 | null; reasons?: string[]; comment?: string | null },
): Promise<void> {
  for (const text of [...(input.reasons ?? []), input.comment ?? '']) checkCharacters(text, 'reason or comment');
  await finishedAnswer(db, userId, input.generationId);
  const key = and(
    eq(feedback.userId, userId),
    eq(feedback.generationId, input.generationId),
    eq(feedback.kind, 'thumb'),
  );
  if (input.value === null) {
    await db.delete(feedback).where(key);
    return;
  }
  const { value, reasons, comment } = input;
  const kept = sql`case when ${feedback.thumb} = ${value} then ${feedback.reasons} else '{}' end`;
  await db
    .insert(feedback)
    .values({ userId, kind: 'thumb', generationId: input.generationId, thumb: value, reasons, comment })
    .onConflictDoUpdate({
      target: [feedback.userId, feedback.generationId, feedback.kind],
      set: { thumb: value, reasons: reasons ?? kept, comment, updatedAt: sql`now()` },
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
  await choose(db, userId, pair.id, input.choice);
}

/** Withdraws a choice: a comparison that the product asked for is open again, one that the person made is removed. */
export async function withdraw({ db }: Product, userId: string, comparisonId: string): Promise<void> {
  const [pair] = await db
    .select()
    .from(comparison)
    .where(and(eq(comparison.id, comparisonId), eq(comparison.userId, userId)));
  if (!pair) throw new AttuneError('NOT_FOUND', `There is no comparison ${comparisonId} of yours.`);
  if (pair.source === 'regenerate') await db.delete(comparison).where(eq(comparison.id, pair.id));
  else await db.delete(feedback).where(and(eq(feedback.comparisonId, pair.id), eq(feedback.userId, userId)));
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

async function choose(db: Executor, userId: string, comparisonId: string, choice: Choice): Promise<void> {
  await db
    .insert(feedback)
    .values({ userId, kind: 'comparison', comparisonId, choice })
    .onConflictDoUpdate({
      target: [feedback.userId, feedback.comparisonId, feedback.kind],
      set: { choice, updatedAt: sql`now()` },
    });
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
