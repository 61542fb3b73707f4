// Stores answers as another process would have, and makes people and values of feedback of every kind for them.
import { and, eq, isNull } from 'drizzle-orm';
import type { Feedback } from '@/core/feedback/feedback';
import type { FeedbackKind } from '@/core/feedback/kinds';
import { Sampling } from '@/core/sampling';
import { conversation, feedback, generation, message, questionnaire } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { callAs, createUser } from './world';

/** A person who allows signals. */
export async function newPerson(web: WebProcess) {
  const id = await createUser(web);
  const api = callAs(web, id);
  await api.account.setAllowSignals({ allowSignals: true });
  return { id, api };
}

/** The live feedback of this kind that the person has given. */
export const rowsOf = ({ product: { db } }: WebProcess, userId: string, kind: FeedbackKind) =>
  db
    .select()
    .from(feedback)
    .where(and(eq(feedback.userId, userId), eq(feedback.kind, kind)));

interface AskedOptions {
  of: string;
  allowTraining?: boolean;
  question?: string;
  text?: string;
  versionId?: string;
}

/** Two finished answers of a person's to one message. */
export async function askTwice(
  { product: { db, base } }: WebProcess,
  { of: userId, allowTraining = true, question = 'Why?', text = 'A plain answer.', versionId = 'base' }: AskedOptions,
) {
  const [chat] = await db
    .insert(conversation)
    .values({ userId, title: 'Q', allowTraining, readersNamed: allowTraining })
    .returning();
  const conversationId = chat!.id;
  const promptIds = base.renderPrompt([{ role: 'user', content: question }]);
  const [asked] = await db.insert(message).values({ conversationId, role: 'user', content: question }).returning();
  const ids: string[] = [];
  for (const content of [text, 'Another answer.']) {
    const [answer] = await db
      .insert(message)
      .values({ conversationId, parentId: asked!.id, role: 'assistant', content })
      .returning();
    const completionIds = base.tokenizer.encode(content);
    const facts = {
      status: 'done' as const,
      versionId,
      sampling: Sampling.parse({ seed: 1 }),
      seed: 1,
      finishReason: 'stop',
    };
    const [row] = await db
      .insert(generation)
      .values({ ...facts, messageId: answer!.id, conversationId, userId, promptIds, completionIds })
      .returning();
    ids.push(row!.id);
  }
  return { conversationId, messageId: asked!.id, one: ids[0]!, other: ids[1]! };
}
export type Asked = Awaited<ReturnType<typeof askTwice>>;

export async function openQuestionnaire({ product: { db } }: WebProcess, isForChat: boolean) {
  const [row] = await db
    .select()
    .from(questionnaire)
    .where(and(eq(questionnaire.isForChat, isForChat), isNull(questionnaire.retiredAt)));
  return row!;
}

export const QUALITY = { correct: 4, follows: 5, clear: 1, length: 'right', unsafe: false };

/** A value of each kind for what `askTwice` stored. */
export async function everyKind(
  web: WebProcess,
  { messageId, one, other }: Asked,
): Promise<{ [Kind in FeedbackKind]: Feedback }> {
  const { id: questionnaireId } = await openQuestionnaire(web, false);
  return {
    thumb: { kind: 'thumb', generationId: one, value: { up: true, reasons: ['clear'] }, comment: 'good' },
    comparison: {
      ...{ kind: 'comparison', leftGenerationId: one, rightGenerationId: other },
      value: { choice: 'left', strength: 'much' },
    },
    best_of: { kind: 'best_of', messageId, value: { generationIds: [one, other], best: other } },
    ranking: { kind: 'ranking', messageId, value: { order: [[other], [one]] } },
    rating: { kind: 'rating', generationId: one, value: { rating: 7 } },
    questionnaire: { kind: 'questionnaire', generationId: one, value: { questionnaireId, answers: QUALITY } },
    flaws: {
      ...{ kind: 'flaws', generationId: one },
      value: { flaws: [{ flaw: 'incorrect', reason: 'It is not.', span: { start: 2, end: 7 } }] },
    },
    correction: { kind: 'correction', generationId: one, value: { text: 'A better answer.' } },
    demonstration: { kind: 'demonstration', messageId, value: { text: 'My own answer.' } },
    implicit: { kind: 'implicit', generationId: one, value: { copied: true, dwellMs: 800 } },
  };
}
