// Chat: stores a person's message and the answers that it asks for in one transaction.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Sampling } from '@/core/sampling';
import type { Executor } from '@/db/client';
import { comparison, conversation, generation, message, user } from '@/db/schema';
import { titleOf } from '../conversation';
import { type Begun, beginAnswers, chooseArms, insertAnswers } from '../generation/answer';
import { stop } from '../generation/generation';
import { checkMessageSize } from '../generation/prompt';
import { type GenerationRow, generated } from '../generation/row';
import { admit } from '../limits';
import type { Product } from '../product';
import { writeHits } from '../rule/hit';
import { inputCheck, recordRefusal } from '../rule/input';
import { readServing } from '../settings';
import { checkCharacters, checkText } from '../text';
import type { SendResult } from '../views';
import { checkParent, holdConversation, readPath } from './path';
import { planAnswers } from './plan';
import { findSent, resultOf } from './sent';
import { measure } from './size';

export interface SendInput {
  conversationId: string;
  parentId: string | null;
  text: string;
  clientMessageId: string;
  /** Consent of the conversation that this message begins; ignored for later messages. */
  allowTraining?: boolean;
  sampling?: Partial<Sampling>;
}

/**
 * A repeated clientMessageId returns the first rows and writes nothing; with another text it is a CONFLICT. Once the
 * signal has aborted, a text that is still being checked is not sent.
 */
export async function send(
  product: Product,
  userId: string,
  input: SendInput,
  signal: AbortSignal,
): Promise<SendResult> {
  const { text } = input;
  const receivedAt = new Date();
  checkText(text, 'message');
  for (const stop of input.sampling?.stop ?? []) checkCharacters(stop, 'stop string');
  const settings = await readServing(product);
  checkMessageSize(measure(product, settings, text));
  const caller = { userId, apiKeyId: null };
  await admit(product, caller, settings.limits);
  const checked = await (await inputCheck(product, caller, settings, signal))(text);
  const checkedAt = new Date();
  const work = async (tx: Executor): Promise<Begun<SendResult>> => {
    if (input.allowTraining !== undefined)
      await open(tx, userId, { ...input, text: checked.text }, input.allowTraining);
    const held = await holdConversation(tx, userId, input.conversationId);
    // A repetition may withdraw consent but never give it: it may arrive after the switch was turned off.
    const allowTraining = held.allowTraining && input.allowTraining !== false;
    if (allowTraining !== held.allowTraining) {
      await tx.update(conversation).set({ allowTraining }).where(eq(conversation.id, held.id));
    }
    const repeated = await findSent(tx, input);
    if (repeated) return { result: { ...repeated, allowTraining }, rows: [], promptTokens: 0 };
    if (checked.refusal) throw checked.refusal;

    const history = input.parentId ? await readPath(tx, input.conversationId, input.parentId) : [];
    await checkParent(tx, history.at(-1));
    const [userMessage] = await tx
      .insert(message)
      .values({
        conversationId: input.conversationId,
        parentId: input.parentId,
        role: 'user',
        content: checked.text,
        clientMessageId: input.clientMessageId,
      })
      .returning();
    await writeHits(tx, { messageId: userMessage!.id }, checked.hits);
    // People are not asked for a judgement that would not be used.
    const isComparison = allowTraining && product.random() < settings.comparisonShare;
    const arms = await chooseArms(tx, userId, { isComparison, isChat: true }, settings, product.random);
    // The first answer is shown on the left; chance decides which one is first.
    if (product.random() < 0.5) arms.reverse();
    const plans = planAnswers(product, settings, [...history, userMessage!], arms, input.sampling);
    const { rows, promptTokens } = await insertAnswers(product, tx, settings, caller, plans);
    const comparisonId = isComparison ? await insertComparison(tx, rows) : null;
    await tx.update(conversation).set({ updatedAt: sql`now()` }).where(eq(conversation.id, input.conversationId));
    const result = await resultOf(tx, userMessage!, rows, comparisonId);
    return { result: { ...result, allowTraining }, rows, promptTokens };
  };
  try {
    const { result } = await beginAnswers(product, caller, work);
    product.monitor.noteReceived(
      result.answers.map(({ generationId }) => generationId),
      ...([receivedAt, checkedAt] as const),
    );
    return result;
  } catch (error) {
    if (error === checked.refusal) await recordRefusal(product, checked);
    throw error;
  }
}

/**
 * Consent, to words that name raters, is stored only with the first message; the first choice becomes the default of the
 * account's next chats.
 */
async function open(tx: Executor, userId: string, input: SendInput, allowTraining: boolean): Promise<void> {
  await tx
    .insert(conversation)
    .values({
      id: input.conversationId,
      userId,
      title: titleOf(input.text),
      allowTraining,
      readersNamed: allowTraining,
    })
    .onConflictDoNothing();
  await tx
    .update(user)
    .set({ allowTraining })
    .where(and(eq(user.id, userId), isNull(user.allowTraining)));
}

/** Asks for another answer to the same message. An answer that is still being written is stopped first. */
export async function regenerate(
  product: Product,
  userId: string,
  input: { messageId: string; clientMessageId: string },
): Promise<SendResult> {
  const settings = await readServing(product);
  const caller = { userId, apiKeyId: null };
  await admit(product, caller, settings.limits);
  await stopRunning(product, userId, input.messageId);
  const { result } = await beginAnswers(product, caller, async (tx): Promise<Begun<SendResult>> => {
    const [answer] = await tx.select().from(message).where(eq(message.id, input.messageId));
    if (!answer) throw new AttuneError('NOT_FOUND', `You have no message ${input.messageId}.`);
    const { allowTraining } = await holdConversation(tx, userId, answer.conversationId);
    if (answer.role !== 'assistant' || !answer.parentId) {
      throw new AttuneError('BAD_INPUT', `Message ${answer.id} is not an answer; regenerate an answer.`);
    }
    const path = await readPath(tx, answer.conversationId, answer.parentId);
    const userMessage = path.at(-1)!;
    const [first] = await tx
      .select({ generation })
      .from(message)
      .innerJoin(generation, eq(generation.messageId, message.id))
      .where(
        and(eq(message.conversationId, answer.conversationId), eq(message.clientMessageId, input.clientMessageId)),
      );
    if (first) {
      const result = await resultOf(tx, userMessage, [generated(first.generation)], null);
      return { result: { ...result, allowTraining }, rows: [], promptTokens: 0 };
    }
    const arms = await chooseArms(tx, userId, { isComparison: false, isChat: true }, settings, product.random);
    const plans = planAnswers(product, settings, path, arms).map((plan) => ({
      ...{ ...plan, clientMessageId: input.clientMessageId, replacesId: answer.id },
    }));
    const { rows, promptTokens } = await insertAnswers(product, tx, settings, caller, plans);
    await tx.update(conversation).set({ updatedAt: sql`now()` }).where(eq(conversation.id, answer.conversationId));
    const result = await resultOf(tx, userMessage, rows, null);
    return { result: { ...result, allowTraining }, rows, promptTokens };
  });
  return result;
}

/** Regenerating an answer that hangs is one action, and ends the hanging one. */
async function stopRunning(product: Product, userId: string, messageId: string): Promise<void> {
  const [row] = await product.db
    .select({ id: generation.id })
    .from(generation)
    .where(and(eq(generation.messageId, messageId), eq(generation.userId, userId), eq(generation.status, 'running')));
  if (row) await stop(product, userId, row.id);
}

async function insertComparison(tx: Executor, rows: GenerationRow[]): Promise<string> {
  const [left, right] = rows;
  const { conversationId, userId } = left!;
  const [row] = await tx
    .insert(comparison)
    .values({
      conversationId,
      userId,
      leftGenerationId: left!.id,
      rightGenerationId: right!.id,
      source: 'side_by_side',
    })
    .returning();
  return row!.id;
}
