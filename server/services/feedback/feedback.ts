// Feedback in the chat and over the API: given only by the owner of the conversation, on answers that are finished.
import { AttuneError } from '@/core/errors';
import type { Feedback, FeedbackSubject } from '@/core/feedback/feedback';
import type { Choice, FeedbackValue } from '@/core/feedback/kinds';
import type { Product } from '@/server/services/product';
import { type Answer, findSubject, storePair } from './subject';
import { type Given, lockFeedback, withdrawFeedback, writeFeedback } from './write';

type Source = 'chat' | 'api';

/** The same feedback again changes nothing; another value takes the place of the first. */
export async function give(
  { db }: Product,
  userId: string,
  given: Feedback,
  source: Source,
): Promise<{ id: string; comparisonId: string | null }> {
  return db.transaction(async (tx) => {
    const judged = await findSubject(tx, userId, given);
    for (const answer of judged.answers) checkFinished(answer);
    const { kind, comment } = given;
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

/** Absent fields keep their values: reasons only while the thumb is the same, a comment under either thumb. */
export async function thumb(
  { db }: Product,
  userId: string,
  input: { generationId: string; value: 1 | -1 | null; reasons?: string[]; comment?: string | null },
  source: Source,
): Promise<void> {
  const { value, comment, generationId } = input;
  await db.transaction(async (tx) => {
    const [answer] = (await findSubject(tx, userId, { kind: 'thumb', generationId })).answers;
    const subject = { kind: 'thumb', subjectId: answer!.id } as const;
    if (value === null) {
      await withdrawFeedback(tx, userId, subject);
      return;
    }
    checkFinished(answer!);
    const before = (await lockFeedback(tx, userId, subject))?.value as FeedbackValue<'thumb'> | undefined;
    const up = value === 1;
    const reasons = input.reasons ?? (before?.up === up ? before.reasons : []);
    await writeFeedback(tx, userId, { ...subject, value: { up, reasons }, comment, source });
  });
}

/** Stores whether one answer is better than another as a comparison. */
export async function prefer(
  product: Product,
  userId: string,
  input: { preferredGenerationId: string; otherGenerationId: string } & Pick<FeedbackValue<'comparison'>, 'strength'>,
  source: Source,
): Promise<{ comparisonId: string }> {
  const { preferredGenerationId: leftGenerationId, otherGenerationId: rightGenerationId, strength } = input;
  const value = { choice: 'left' as const, ...(strength && { strength }) };
  const pair = { kind: 'comparison' as const, leftGenerationId, rightGenerationId };
  const { comparisonId } = await give(product, userId, { ...pair, value }, source);
  return { comparisonId: comparisonId! };
}

const OTHER_SIDE: Record<Choice, Choice> = { left: 'right', right: 'left', tie: 'tie', both_bad: 'both_bad' };
const mirror = (value: FeedbackValue<'comparison'>) => ({ ...value, choice: OTHER_SIDE[value.choice] });

function checkFinished({ status }: Answer): void {
  if (status === 'running')
    throw new AttuneError('CONFLICT', 'The answer is still being written; rate it when it is finished.');
  if (status === 'failed')
    throw new AttuneError('CONFLICT', 'This answer could not be written, so it cannot be judged; regenerate it.');
}
