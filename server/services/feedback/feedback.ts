// Feedback in the chat and over the API: given only by the owner of the conversation, on answers that are finished.
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Feedback, FeedbackSubject } from '@/core/feedback/feedback';
import type { Choice, FeedbackValue } from '@/core/feedback/kinds';
import type { Executor } from '@/db/client';
import { user } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkFinished, checkValue } from './check';
import { findSubject, type Judged, storePair } from './subject';
import { type Given, lockFeedback, withdrawFeedback, writeFeedback } from './write';

type Source = 'chat' | 'api';
type Signals = FeedbackValue<'implicit'>;

/** The same feedback again changes nothing; another value takes the place of the first. */
export async function give(
  product: Product,
  userId: string,
  given: Feedback,
  source: Source,
): Promise<{ id: string; comparisonId: string | null }> {
  return product.db.transaction(async (tx) => {
    const judged = await findSubject(tx, userId, given);
    const { kind, comment } = given;
    if (kind === 'implicit') given.value = await mergeSignals(tx, userId, judged, given.value, source);
    await checkValue(product, tx, judged, given);
    const subjectId = judged.subjectId ?? (await storePair(tx, userId, judged));
    const value = judged.isMirrored ? mirror(given.value as FeedbackValue<'comparison'>) : given.value;
    const row = await writeFeedback(tx, userId, { kind, subjectId, value, comment, source } as Given);
    return { id: row.id, comparisonId: row.comparisonId };
  });
}

/** False if there was nothing to withdraw. */
export async function withdraw({ db }: Product, userId: string, subject: FeedbackSubject): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { subjectId } = await findSubject(tx, userId, subject);
    return subjectId !== null && withdrawFeedback(tx, userId, { kind: subject.kind, subjectId });
  });
}

/**
 * Returns the row's id, or null once it is withdrawn. Absent fields keep their values: reasons only while the thumb is
 * the same, a comment under either thumb.
 */
export async function thumb(
  { db }: Product,
  userId: string,
  input: { generationId: string; value: 1 | -1 | null; reasons?: string[]; comment?: string | null },
  source: Source,
): Promise<string | null> {
  const { value, comment, generationId } = input;
  return db.transaction(async (tx) => {
    const [answer] = (await findSubject(tx, userId, { kind: 'thumb', generationId })).answers;
    const subject = { kind: 'thumb', subjectId: answer!.id } as const;
    if (value === null) {
      await withdrawFeedback(tx, userId, subject);
      return null;
    }
    checkFinished(answer!);
    const before = (await lockFeedback(tx, userId, subject))?.value as FeedbackValue<'thumb'> | undefined;
    const up = value === 1;
    const reasons = input.reasons ?? (before?.up === up ? before.reasons : []);
    return (await writeFeedback(tx, userId, { ...subject, value: { up, reasons }, comment, source })).id;
  });
}

/** Stores whether one answer is better than another as a comparison. */
export async function prefer(
  product: Product,
  userId: string,
  input: { preferredGenerationId: string; otherGenerationId: string } & Pick<FeedbackValue<'comparison'>, 'strength'>,
  source: Source,
): Promise<{ id: string; comparisonId: string }> {
  const { preferredGenerationId: leftGenerationId, otherGenerationId: rightGenerationId, strength } = input;
  const value = { choice: 'left' as const, ...(strength && { strength }) };
  const pair = { kind: 'comparison' as const, leftGenerationId, rightGenerationId };
  const { id, comparisonId } = await give(product, userId, { ...pair, value }, source);
  return { id, comparisonId: comparisonId! };
}

const OTHER_SIDE: Record<Choice, Choice> = { left: 'right', right: 'left', tie: 'tie', both_bad: 'both_bad' };
const mirror = (value: FeedbackValue<'comparison'>) => ({ ...value, choice: OTHER_SIDE[value.choice] });

/** Signals are recorded only in chats that may be learned from, and by the page only while the person allows them. */
async function mergeSignals(
  tx: Executor,
  userId: string,
  { conversation, subjectId }: Judged,
  value: Signals,
  source: Source,
) {
  const [person] = await tx.select({ allowSignals: user.allowSignals }).from(user).where(eq(user.id, userId));
  if (source === 'chat' && !person?.allowSignals)
    throw new AttuneError('FORBIDDEN', 'Weak signals are off; you can turn them on in the settings of your account.');
  if (!conversation.allowTraining)
    throw new AttuneError('FORBIDDEN', 'This chat is kept out of training, so nothing that you do in it is recorded.');
  const before = (await lockFeedback(tx, userId, { kind: 'implicit', subjectId: subjectId! }))?.value as
    | Signals
    | undefined;
  const dwellMs = Math.max(before?.dwellMs ?? 0, value.dwellMs ?? 0);
  return { ...before, ...value, ...(dwellMs > 0 && { dwellMs }) };
}
