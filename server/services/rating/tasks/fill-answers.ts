// Lets versions write the answers that tasks of uploaded prompts still wait for, one task at a time.
import { eq, sql } from 'drizzle-orm';
import type { ChatMessage } from '@/core/base/base';
import { toAttuneError } from '@/core/errors';
import { Sampling } from '@/core/sampling';
import { conversation, message, ratingTask } from '@/db/schema';
import { outside } from '@/server/rollout/assign';
import { beginAnswers, insertAnswers } from '@/server/services/generation/answer';
import { buildPrompt, fitAnswer } from '@/server/services/generation/prompt';
import { drawSeed, type Product } from '@/server/services/product';
import { readServing, type Serving } from '@/server/services/settings';
import { readPrompt } from '../task-view';

const working = new WeakMap<Product, Promise<void>>();

/** Starts unless it runs already. What it cannot write stays pending, and the next start tries again. */
export function fillAnswers(product: Product): Promise<void> {
  const known = working.get(product);
  if (known) return known;
  const work = fillAll(product)
    .catch((error: unknown) => {
      product.log.warn({ err: toAttuneError(error) }, 'answers for rating tasks could not be written');
    })
    .finally(() => working.delete(product));
  working.set(product, work);
  return work;
}

async function fillAll(product: Product): Promise<void> {
  const settings = await readServing(product);
  while (await fillOne(product, settings)) {}
}

/** False if no task waits. */
async function fillOne(product: Product, settings: Serving): Promise<boolean> {
  const [next] = await product.db
    .select({ taskId: ratingTask.id, userId: conversation.userId })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(sql`cardinality(${ratingTask.pendingVersionIds}) > 0`)
    .orderBy(ratingTask.createdAt, ratingTask.id)
    .limit(1);
  if (!next) return false;
  const caller = { userId: next.userId, apiKeyId: null };
  const { running } = await beginAnswers(product, caller, async (tx) => {
    const [task] = await tx.select().from(ratingTask).where(eq(ratingTask.id, next.taskId)).for('update');
    // Another process has been faster.
    if (!task || task.pendingVersionIds.length === 0) return { result: null, rows: [], promptTokens: 0 };
    const [asked] = await tx.select().from(message).where(eq(message.id, task.messageId));
    const turns: ChatMessage[] = await readPrompt(tx, task.messageId);
    const maxTokens = fitAnswer(settings.sampling.maxTokens, product.maxContext);
    const promptIds = buildPrompt(product.base, settings.systemPrompt, turns, product.maxContext - maxTokens);
    const answers = task.pendingVersionIds.map((versionId) => ({
      arm: outside(versionId),
      sampling: Sampling.parse({ ...settings.sampling, maxTokens, seed: drawSeed(product) }),
    }));
    const plan = { parent: asked!, promptIds, systemPrompt: settings.systemPrompt, answers };
    const begun = await insertAnswers(product, tx, settings, caller, [plan]);
    await tx
      .update(ratingTask)
      .set({ generationIds: [...task.generationIds, ...begun.rows.map(({ id }) => id)], pendingVersionIds: [] })
      .where(eq(ratingTask.id, task.id));
    return { ...begun, result: null };
  });
  for (const answer of running) await answer.done;
  return true;
}
