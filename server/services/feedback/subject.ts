// Finds what feedback is about, for its owner only, and keeps it from being deleted until the transaction ends.
import { and, eq, or } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { FeedbackSubject } from '@/core/feedback/feedback';
import { FEEDBACK_SUBJECTS } from '@/core/feedback/kinds';
import type { Executor } from '@/db/client';
import { comparison, conversation, generation, message, user } from '@/db/schema';

/** The message that was answered, and the answers that are judged: one, a pair in the order shown, or none. */
export interface Judged {
  conversation: { id: string; allowTraining: boolean };
  /** Id of the generation, the comparison or the message; null for a pair that is not a comparison yet. */
  subjectId: string | null;
  messageId: string;
  answers: Answer[];
  /** The pair was named in the other order than the one in which it is stored. */
  isMirrored: boolean;
}

export type Answer = Awaited<ReturnType<typeof ownAnswer>>;

export async function findSubject(tx: Executor, userId: string, subject: FeedbackSubject): Promise<Judged> {
  // First the person and then the conversation, in the order in which deleting an account takes them.
  await tx.select({ id: user.id }).from(user).where(eq(user.id, userId)).for('key share');
  if (subject.kind === 'comparison') return findPair(tx, userId, subject);
  const { messageId, generationId } = subject as { messageId?: string; generationId?: string };
  if (messageId) {
    const asked = await ownMessage(tx, userId, messageId);
    return { ...asked, subjectId: messageId, messageId, answers: [], isMirrored: false };
  }
  const answer = await ownAnswer(tx, userId, generationId!);
  if (FEEDBACK_SUBJECTS[subject.kind] === 'message')
    return { ...of(answer), subjectId: answer.questionId, answers: [], isMirrored: false };
  return { ...of(answer), subjectId: answer.id, answers: [answer], isMirrored: false };
}

const of = (answer: Answer) => ({ conversation: answer.conversation, messageId: answer.questionId });

async function findPair(
  tx: Executor,
  userId: string,
  subject: Extract<FeedbackSubject, { kind: 'comparison' }>,
): Promise<Judged> {
  const { comparisonId, leftGenerationId, rightGenerationId } = subject;
  if (comparisonId) {
    const [pair] = await tx
      .select({ left: comparison.leftGenerationId, right: comparison.rightGenerationId })
      .from(comparison)
      .innerJoin(conversation, eq(conversation.id, comparison.conversationId))
      .where(and(eq(comparison.id, comparisonId), eq(conversation.userId, userId)));
    if (!pair) throw new AttuneError('NOT_FOUND', `There is no comparison ${comparisonId} of yours.`);
    const answers = [await ownAnswer(tx, userId, pair.left), await ownAnswer(tx, userId, pair.right)];
    return { ...of(answers[0]!), subjectId: comparisonId, answers, isMirrored: false };
  }
  const left = await ownAnswer(tx, userId, leftGenerationId!);
  const right = await ownAnswer(tx, userId, rightGenerationId!);
  if (left.id === right.id || left.questionId !== right.questionId) {
    throw new AttuneError(
      'BAD_INPUT',
      `${left.id} and ${right.id} are not two answers to one message; compare siblings.`,
    );
  }
  const [known] = await tx.select().from(comparison).where(isPair(left.id, right.id));
  const isMirrored = known ? known.leftGenerationId !== left.id : left.createdAt > right.createdAt;
  const answers = isMirrored ? [right, left] : [left, right];
  return { ...of(left), subjectId: known?.id ?? null, answers, isMirrored };
}

/** Stores a pair of siblings as a comparison, with the older answer on the left, unless it is one already. */
export async function storePair(tx: Executor, userId: string, { conversation, answers }: Judged): Promise<string> {
  const [left, right] = answers as [Answer, Answer];
  const pair = { leftGenerationId: left.id, rightGenerationId: right.id };
  await tx
    .insert(comparison)
    .values({ conversationId: conversation.id, userId, ...pair, source: 'regenerate' })
    .onConflictDoNothing();
  const [stored] = await tx.select({ id: comparison.id }).from(comparison).where(isPair(left.id, right.id));
  return stored!.id;
}

const isPair = (one: string, other: string) =>
  or(
    and(eq(comparison.leftGenerationId, one), eq(comparison.rightGenerationId, other)),
    and(eq(comparison.leftGenerationId, other), eq(comparison.rightGenerationId, one)),
  );

const HELD = { id: conversation.id, allowTraining: conversation.allowTraining };

/** An answer in one of the person's own conversations, with the message that it answers. */
async function ownAnswer(tx: Executor, userId: string, generationId: string) {
  const [row] = await tx
    .select({
      id: generation.id,
      status: generation.status,
      createdAt: generation.createdAt,
      text: message.content,
      questionId: message.parentId,
      conversation: HELD,
    })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(and(eq(generation.id, generationId), eq(conversation.userId, userId)))
    .for('key share', { of: conversation });
  if (!row) throw new AttuneError('NOT_FOUND', `You have no answer ${generationId}.`);
  return { ...row, questionId: row.questionId! };
}

async function ownMessage(tx: Executor, userId: string, messageId: string) {
  const [row] = await tx
    .select({ role: message.role, conversation: HELD })
    .from(message)
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(and(eq(message.id, messageId), eq(conversation.userId, userId)))
    .for('key share', { of: conversation });
  if (!row) throw new AttuneError('NOT_FOUND', `You have no message ${messageId}.`);
  if (row.role !== 'user')
    throw new AttuneError('BAD_INPUT', `Message ${messageId} is an answer; name the message that was answered.`);
  return { conversation: row.conversation };
}
