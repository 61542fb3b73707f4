// Stores prompts that an admin uploads for raters: each is a conversation of its own, and one with a truth is a check.
import { randomUUID } from 'node:crypto';
import { desc, sql } from 'drizzle-orm';
import { endOfTurn } from '@/core/base/end-of-turn';
import { AttuneError } from '@/core/errors';
import { Sampling } from '@/core/sampling';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { conversation, generation, message, promptSet, ratingTask } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { titleOf } from '@/server/services/conversation';
import { buildPrompt } from '@/server/services/generation/prompt';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';
import type { StoredAnswer } from '../task-frame';
import type { PromptSetView } from '../views';
import { parsePrompts, readEachLine, type UploadedPrompt } from './prompt-file';

export interface PromptSetInput {
  name: string;
  format: 'jsonl' | 'text';
  content: string;
}

/** All or nothing: lines that cannot be read refuse the set, each with its number. */
export async function uploadPrompts(product: Product, actorId: string, input: PromptSetInput): Promise<{ id: string }> {
  checkText(input.name, 'name');
  const prompts = parsePrompts(input.format, input.content);
  const { systemPrompt } = await readSettings(product.db);
  const encoded = readEachLine(prompts, (prompt) => ({ ...prompt, ids: encode(product, systemPrompt, prompt) }));
  const id = randomUUID();
  await product.db.transaction(async (tx) => {
    await tx.insert(promptSet).values({ id, name: input.name.trim(), createdBy: actorId });
    for (const prompt of encoded) await insertPrompt(tx, actorId, id, prompt);
    await recordAudit(tx, actorId, 'rating.upload', id, { name: input.name.trim(), prompts: prompts.length });
  });
  return { id };
}

interface EncodedPrompt extends UploadedPrompt {
  ids: { prompt: number[]; completions: number[][] };
}

function encode({ base, maxContext }: Product, systemPrompt: string | null, prompt: UploadedPrompt) {
  const half = Math.floor(maxContext / 2);
  const ids = buildPrompt(base, systemPrompt, prompt.messages, maxContext - half);
  const end = endOfTurn(base);
  const completions = prompt.answers.map((text) => [...base.tokenizer.encode(text), end]);
  const long = completions.find((completion) => completion.length > half);
  if (long) throw new AttuneError('TOO_LONG', `an answer takes ${long.length} tokens; ${half} fit.`);
  return { prompt: ids, completions };
}

/** A check is held out: without consent, no snapshot takes it. */
async function insertPrompt(tx: Executor, userId: string, promptSetId: string, prompt: EncodedPrompt): Promise<void> {
  const conversationId = randomUUID();
  await tx.insert(conversation).values({
    id: conversationId,
    userId,
    title: titleOf(prompt.messages.at(-1)!.content),
    allowTraining: prompt.check === null,
    promptSetId,
  });
  let parentId: string | null = null;
  for (const { role, content } of prompt.messages) {
    const id = randomUUID();
    await tx.insert(message).values({ id, conversationId, parentId, role, content });
    parentId = id;
  }
  const messageId = parentId!;
  const generationIds: string[] = [];
  for (const [index, content] of prompt.answers.entries()) {
    const [id, answerId] = [randomUUID(), randomUUID()];
    await tx.insert(message).values({ id: answerId, conversationId, parentId: messageId, role: 'assistant', content });
    await tx.insert(generation).values({
      ...{ id, messageId: answerId, conversationId, userId },
      status: 'done',
      versionId: null,
      sampling: Sampling.parse({ seed: 0 }),
      seed: 0,
      promptIds: prompt.ids.prompt,
      completionIds: prompt.ids.completions[index]!,
      finishReason: 'stop',
      finishedAt: sql`now()`,
    });
    generationIds.push(id);
  }
  if (!prompt.check) return;
  const { kind } = prompt.check;
  const truth: StoredAnswer =
    prompt.check.kind === 'rank'
      ? {
          kind: 'rank',
          value: { order: prompt.check.value.order.map((group) => group.map((at) => generationIds[at]!)) },
        }
      : prompt.check;
  await tx.insert(ratingTask).values({ kind, messageId, generationIds, promptSetId, truth });
}

export async function listPromptSets({ db }: Product): Promise<PromptSetView[]> {
  const count = (condition: ReturnType<typeof sql>) =>
    sql<number>`(select count(*) from ${ratingTask} where ${ratingTask.promptSetId} = ${promptSet}.id and ${condition})`.mapWith(
      Number,
    );
  return db
    .select({
      id: promptSet.id,
      name: promptSet.name,
      createdAt: promptSet.createdAt,
      prompts:
        sql<number>`(select count(*) from ${conversation} where ${conversation.promptSetId} = ${promptSet}.id)`.mapWith(
          Number,
        ),
      checks: count(sql`${ratingTask.truth} is not null and ${ratingTask.closedAt} is null`),
      tasks: count(sql`${ratingTask.truth} is null`),
      waitingForAnswers: count(sql`cardinality(${ratingTask.pendingVersionIds}) > 0`),
    })
    .from(promptSet)
    .orderBy(desc(promptSet.createdAt), desc(promptSet.id));
}
