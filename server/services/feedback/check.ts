// Checks a value against what it is about: the answers that were shown, the questionnaire that was asked, the room left.
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import { MAX_BYTES_PER_TOKEN } from '@/core/text/text-limits';
import type { Executor } from '@/db/client';
import { generation, message, questionnaire } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { readSettings } from '@/server/services/settings';
import { checkAnswers, checkFlaws } from './questionnaire';

/** The message that was answered, and the answers that are judged: one, a pair, or none. */
export interface About {
  messageId: string;
  answers: readonly ShownAnswer[];
}

export interface ShownAnswer {
  id: string;
  status: (typeof generation.$inferSelect)['status'];
  /** As people see it. */
  text: string;
}

type Checked = { [Kind in FeedbackKind]: { kind: Kind; value: FeedbackValue<Kind> } }[FeedbackKind];

/** Throws a sentence that says what does not fit. Who may judge is the caller's to check. */
export async function checkValue(product: Product, tx: Executor, about: About, given: Checked): Promise<void> {
  // An answer may be left before it is finished.
  if (given.kind !== 'implicit') for (const answer of about.answers) checkFinished(answer);
  const [answer] = about.answers;
  switch (given.kind) {
    case 'best_of':
      return checkSiblings(tx, about.messageId, given.value.generationIds);
    case 'ranking':
      return checkSiblings(tx, about.messageId, given.value.order.flat());
    case 'questionnaire': {
      const [asked] = await tx.select().from(questionnaire).where(eq(questionnaire.id, given.value.questionnaireId));
      return checkAnswers(given.value, asked);
    }
    case 'flaws': {
      const open = await tx
        .select()
        .from(questionnaire)
        .where(and(eq(questionnaire.isForChat, true), isNull(questionnaire.retiredAt)));
      return checkFlaws(given.value, answer!.text, open);
    }
    case 'correction':
      if (given.value.text.trim() === answer!.text.trim())
        throw new AttuneError('BAD_INPUT', 'The correction is the same as the answer; change it, or give a thumb up.');
      return checkRoom(product, given.value.text, await promptTokens(tx, answer!.id));
    case 'demonstration':
      return checkRoom(product, given.value.text, await questionTokens(product, tx, about.messageId));
    case 'thumb':
    case 'comparison':
    case 'rating':
    case 'implicit':
      return;
    default:
      return given satisfies never;
  }
}

export function checkFinished({ status }: Pick<ShownAnswer, 'status'>): void {
  if (status === 'running')
    throw new AttuneError('CONFLICT', 'The answer is still being written; rate it when it is finished.');
  if (status === 'failed')
    throw new AttuneError('CONFLICT', 'This answer could not be written, so it cannot be judged; regenerate it.');
}

async function checkSiblings(tx: Executor, messageId: string, ids: readonly string[]): Promise<void> {
  const siblings = await tx
    .select({ id: generation.id, status: generation.status })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .where(and(eq(message.parentId, messageId), inArray(generation.id, [...ids])));
  const stray = ids.find((id) => !siblings.some((sibling) => sibling.id === id));
  if (stray !== undefined)
    throw new AttuneError('BAD_INPUT', `${stray} is not an answer to message ${messageId}; name its own answers.`);
  for (const sibling of siblings) checkFinished(sibling);
}

async function promptTokens(tx: Executor, generationId: string): Promise<number> {
  const [row] = await tx
    .select({ promptIds: generation.promptIds })
    .from(generation)
    .where(eq(generation.id, generationId));
  return row!.promptIds.length;
}

/** Without the earlier turns, which are dropped when the room is short, as in the chat. */
async function questionTokens({ base }: Product, tx: Executor, messageId: string): Promise<number> {
  const [row] = await tx.select({ content: message.content }).from(message).where(eq(message.id, messageId));
  const { systemPrompt } = await readSettings(tx);
  const system = systemPrompt ? [{ role: 'system' as const, content: systemPrompt }] : [];
  return base.renderPrompt([...system, { role: 'user', content: row!.content }]).length;
}

/** A written answer must fit into the context behind its prompt, with the token that ends it. */
function checkRoom({ base, maxContext }: Product, text: string, prompt: number): void {
  const room = maxContext - prompt - 1;
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > Math.max(room, 0) * MAX_BYTES_PER_TOKEN)
    throw new AttuneError('TOO_LONG', `The text has ${bytes} bytes; at most ${Math.max(room, 0)} tokens fit here.`);
  const tokens = base.tokenizer.encode(text).length;
  if (tokens > room)
    throw new AttuneError('TOO_LONG', `The text takes ${tokens} tokens; ${room} fit behind the message. Shorten it.`);
}
