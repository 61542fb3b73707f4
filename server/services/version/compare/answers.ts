// Lets two versions answer the same prompts with the same random numbers, for an admin to read; nothing is stored.
import { randomUUID } from 'node:crypto';
import { asc, eq } from 'drizzle-orm';
import type { ChatMessage } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import { EXAMPLE_QUESTIONS } from '@/core/gates/example-questions';
import { hash32 } from '@/core/rng';
import { Sampling } from '@/core/sampling';
import { conversation, message, promptSet } from '@/db/schema';
import { readSettings } from '@/db/settings';
import { buildPrompt, fitAnswer } from '@/server/services/generation/prompt';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';

export type PromptSource =
  | { kind: 'examples' }
  | { kind: 'set'; id: string }
  /** The admin's own words. */
  | { kind: 'own'; text: string };

export interface AnswerOrder {
  a: string;
  b: string;
  source: PromptSource;
  seed: number;
  maxTokens: number;
}

export type Side = 'a' | 'b';
export type AnswerEvent =
  | { type: 'prompts'; prompts: string[] }
  | { type: 'answer'; prompt: number; side: Side; text: string; tokens: number; milliseconds: number };

/** The first of a set. */
const MOST_PROMPTS = 20;

/** One prompt after the other, at low priority: people's own answers go first. The signal ends it. */
export async function* answerSideBySide(
  product: Product,
  { a, b, source, seed, maxTokens }: AnswerOrder,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const { base, engine, maxContext, db } = product;
  const prompts = await readPrompts(product, source);
  for (const id of [a, b]) await engine.load(id);
  const { systemPrompt, sampling } = await readSettings(db);
  const longest = fitAnswer(maxTokens, maxContext);
  const settings = Sampling.parse({ ...sampling, maxTokens: longest, seed });
  yield { type: 'prompts', prompts: prompts.map((messages) => messages.at(-1)!.content) };

  for (const [prompt, messages] of prompts.entries()) {
    const promptIds = buildPrompt(base, systemPrompt, messages, maxContext - longest);
    const own = { ...settings, seed: hash32(seed, prompt) };
    const answer = async (side: Side, versionId: string): Promise<AnswerEvent> => {
      const started = performance.now();
      const ids: number[] = [];
      const request = { requestId: randomUUID(), versionId, promptIds, sampling: own, priority: 'batch' as const };
      for await (const event of engine.generate(request, signal)) if (event.type === 'tokens') ids.push(...event.ids);
      signal.throwIfAborted();
      const text = base.tokenizer.decode(ids.filter((id) => !base.tokenizer.isSpecial(id))).trim();
      const milliseconds = performance.now() - started;
      return { type: 'answer', prompt, side, text, tokens: ids.length, milliseconds };
    };
    // One after the other, so that the times can be compared.
    yield await answer('a', a);
    yield await answer('b', b);
  }
}

async function readPrompts({ db }: Product, source: PromptSource): Promise<ChatMessage[][]> {
  if (source.kind === 'examples') return EXAMPLE_QUESTIONS.map((content) => [{ role: 'user', content }]);
  if (source.kind === 'own') {
    checkText(source.text, 'prompt');
    return [[{ role: 'user', content: source.text }]];
  }
  const [set] = await db.select({ id: promptSet.id }).from(promptSet).where(eq(promptSet.id, source.id));
  if (!set) throw new AttuneError('NOT_FOUND', `There is no set of prompts ${source.id}.`);
  const talks = await db
    .select({ id: conversation.id })
    .from(conversation)
    .where(eq(conversation.promptSetId, source.id))
    .orderBy(asc(conversation.createdAt), asc(conversation.id))
    .limit(MOST_PROMPTS);
  return Promise.all(
    talks.map(async ({ id }) => {
      const rows = await db.select().from(message).where(eq(message.conversationId, id));
      return lineTo(rows);
    }),
  );
}

interface Turn {
  id: string;
  parentId: string | null;
  role: 'user' | 'assistant';
  content: string;
}

/** Up to the last message of a person: answers that were uploaded are siblings below it. */
function lineTo(rows: readonly Turn[]): ChatMessage[] {
  const line: ChatMessage[] = [];
  let next = rows.find(({ parentId }) => parentId === null);
  while (next) {
    const { id, role, content }: Turn = next;
    line.push({ role, content });
    next = rows.find((row) => row.parentId === id && hasQuestionBelow(rows, row));
  }
  return line;
}

const hasQuestionBelow = (rows: readonly Turn[], row: Turn): boolean =>
  row.role === 'user' || rows.some((other) => other.parentId === row.id && hasQuestionBelow(rows, other));
