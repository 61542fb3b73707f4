// Completions: what a key asks for becomes messages, generations and running answers, as in the chat.
import { randomUUID } from 'node:crypto';
import { and, eq, isNull } from 'drizzle-orm';
import type { ChatMessage } from '@/core/base/base';
import { judge } from '@/core/constraints/constraints';
import { AttuneError } from '@/core/errors';
import { Sampling } from '@/core/sampling';
import type { Executor } from '@/db/client';
import { conversation, message } from '@/db/schema';
import type { KeyOwner } from './api-key';
import { titleOf } from './conversation';
import { type Begun, beginAnswers, insertAnswers } from './generation/answer';
import type { RunningGeneration } from './generation/running-generation';
import { resolveModel } from './model';
import { drawSeed, type Product } from './product';
import type { Settings } from './settings';
import { checkCharacters } from './text';

export interface CompletionInput {
  model: string;
  /** A conversation that ends with the user's message, or a prompt as it is. */
  prompt: { messages: ChatMessage[] } | { text: string };
  choices: number;
  /** What is absent comes from the product's settings. The seed is the first choice's; the others count on from it. */
  sampling: Partial<Sampling>;
  topLogprobs: number;
  /** Continues a conversation of this key, or makes it under this id. */
  conversationId: string | null;
}

export interface Completion {
  versionId: string;
  conversationId: string;
  promptTokens: number;
  answers: RunningGeneration[];
}

type Turn = { role: 'user' | 'assistant'; content: string };

export async function complete(
  product: Product,
  owner: KeyOwner,
  settings: Settings,
  input: CompletionInput,
): Promise<Completion> {
  checkBias(product, input.sampling);
  for (const stop of input.sampling.stop ?? []) checkCharacters(stop, 'stop string', 'stop');
  const promptIds = promptIdsOf(product, settings, input);
  const maxTokens = fitContext(product, settings, promptIds, input);
  const samplings = Array.from({ length: input.choices }, (_, index): Sampling => {
    const seed = input.sampling.seed === undefined ? drawSeed(product) : input.sampling.seed + index;
    return Sampling.parse({ ...settings.sampling, ...input.sampling, maxTokens, seed });
  });
  const turns = turnsOf(input.prompt);
  type Result = Omit<Completion, 'answers'>;
  const work = async (tx: Executor): Promise<Begun<Result>> => {
    const arm = await resolveModel(tx, owner.userId, input.model);
    const conversationId = input.conversationId ?? randomUUID();
    const isNew = await holdConversation(tx, owner, conversationId, titleOf(turns.at(-1)!.content) || input.model);
    const parentId = await insertTurns(tx, settings, conversationId, turns, isNew);
    const rows = await insertAnswers(tx, settings, owner, {
      parent: { id: parentId, conversationId },
      promptIds,
      answers: samplings.map((sampling) => ({ arm, sampling })),
    });
    return { result: { versionId: arm.versionId, conversationId, promptTokens: promptIds.length }, rows };
  };
  const { result, running } = await beginAnswers(product, settings, owner, work, {
    topLogprobs: input.topLogprobs,
    isRepeatable: input.sampling.seed !== undefined,
  });
  return { ...result, answers: running };
}

function checkBias({ base }: Product, { logitBias = {} }: Partial<Sampling>): void {
  const { vocabSize } = base.weights.config;
  const bad = Object.keys(logitBias).find((id) => Number(id) >= vocabSize);
  if (bad === undefined) return;
  throw new AttuneError('BAD_INPUT', `Token ${bad} is outside the base's vocabulary of ${vocabSize}.`, {
    param: 'logit_bias',
  });
}

function promptIdsOf({ base }: Product, settings: Settings, { prompt }: CompletionInput): number[] {
  if ('text' in prompt) {
    checkCharacters(prompt.text, 'prompt', 'prompt');
    // The whole prompt is the caller's, special tokens included: a bos token that it writes itself is not doubled.
    const ids = base.tokenizer.encode(prompt.text, { special: true });
    const isBegun = base.textStart.every((id, i) => ids[i] === id);
    return isBegun ? ids : [...base.textStart, ...ids];
  }
  const { messages } = prompt;
  for (const [index, { content }] of messages.entries())
    checkCharacters(content, 'message', `messages[${index}].content`);
  if (messages.at(-1)?.role !== 'user' || messages.at(-1)?.content.trim() === '') {
    throw new AttuneError('BAD_INPUT', "The last message must be the user's, and not empty.", { param: 'messages' });
  }
  const hasSystem = messages.some(({ role }) => role === 'system');
  const system: ChatMessage[] =
    !hasSystem && settings.systemPrompt ? [{ role: 'system', content: settings.systemPrompt }] : [];
  return base.renderPrompt([...system, ...messages]);
}

/** Nothing is dropped from what a program sends: it is told how much fits. */
function fitContext({ maxContext }: Product, settings: Settings, promptIds: number[], input: CompletionInput): number {
  const asked = input.sampling.maxTokens;
  const room = maxContext - promptIds.length;
  if (room >= (asked ?? 1)) return Math.min(asked ?? settings.sampling.maxTokens, room);
  throw new AttuneError(
    'TOO_LONG',
    `The prompt has ${promptIds.length} tokens and the answer may have ${asked ?? 'at least 1'}; the context holds ${maxContext}. Shorten one of them.`,
    { param: 'text' in input.prompt ? 'prompt' : 'messages' },
  );
}

/** True when it was made just now; requests of one conversation take turns. */
async function holdConversation(tx: Executor, owner: KeyOwner, id: string, title: string): Promise<boolean> {
  const { userId, apiKeyId, allowTraining } = owner;
  const made = await tx
    .insert(conversation)
    .values({ id, userId, apiKeyId, allowTraining, title })
    .onConflictDoNothing()
    .returning({ id: conversation.id });
  if (made.length > 0) return true;
  const mine = and(eq(conversation.id, id), eq(conversation.apiKeyId, apiKeyId));
  const [held] = await tx.select({ id: conversation.id }).from(conversation).where(mine).for('update');
  if (!held) {
    throw new AttuneError('NOT_FOUND', `There is no conversation ${id} of this key. Choose another UUID.`, {
      param: 'metadata.conversation_id',
    });
  }
  return false;
}

/** What a snapshot of the messages says again is found, not written: a growing conversation is one path of the tree. */
async function insertTurns(
  tx: Executor,
  settings: Settings,
  conversationId: string,
  turns: Turn[],
  isNew: boolean,
): Promise<string> {
  let parentId: string | null = null;
  let known = 0;
  while (!isNew && known < turns.length) {
    const { role, content } = turns[known]!;
    const [found]: { id: string }[] = await tx
      .select({ id: message.id })
      .from(message)
      .where(
        and(
          eq(message.conversationId, conversationId),
          parentId === null ? isNull(message.parentId) : eq(message.parentId, parentId),
          eq(message.role, role),
          eq(message.content, content),
        ),
      )
      .limit(1);
    if (!found) break;
    parentId = found.id;
    known++;
  }
  const rows: (typeof message.$inferInsert)[] = [];
  for (const { role, content } of turns.slice(known)) {
    const id = randomUUID();
    rows.push({ id, conversationId, parentId, role, content });
    parentId = id;
  }
  const last = rows.at(-1);
  if (last?.role === 'user') {
    const { hits } = judge(settings.constraints, last.content);
    last.constraintHits = hits.map(({ ruleId, start, end }) => ({ ruleId, start, end }));
  }
  if (rows.length > 0) await tx.insert(message).values(rows);
  return parentId!;
}

/** The system's message is in the prompt's tokens alone, as in the chat. */
function turnsOf(prompt: CompletionInput['prompt']): Turn[] {
  if ('text' in prompt) return [{ role: 'user', content: prompt.text }];
  return prompt.messages.flatMap(({ role, content }) => (role === 'system' ? [] : [{ role, content }]));
}
