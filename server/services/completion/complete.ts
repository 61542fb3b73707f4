// Completions: turns a key's request into messages, generations and running answers, as in the chat.
import { randomUUID } from 'node:crypto';
import { Sampling } from '@/core/sampling';
import type { Executor } from '@/db/client';
import type { KeyOwner } from '@/server/services/account/api-key';
import { titleOf } from '@/server/services/conversation';
import { type AnswerPlan, type Begun, beginAnswers, insertAnswers } from '@/server/services/generation/answer';
import { drawSeed, type Product } from '@/server/services/product';
import { inputCheck, recordRefusal } from '@/server/services/rule/input';
import type { Serving } from '@/server/services/settings';
import { checkCharacters } from '@/server/services/text';
import { resolveModel } from '@/server/services/version/model';
import { type CheckedPrompt, checkPrompt } from './check';
import type { Completion } from './completion';
import { checkIds, fitContext, type Prompt, promptIdsOf, systemPromptOf, type Turn, turnsOf } from './prompt';
import { findFirst, keepFirst, type RepeatKey } from './repeat';
import { holdConversation, insertTurns } from './turns';

export interface CompletionInput {
  model: string;
  prompts: Prompt[];
  /** Answers per prompt. */
  choices: number;
  /** Absent values come from the product's settings. Each prompt's first choice uses `seed`; later ones count up. */
  sampling: Omit<Partial<Sampling>, 'seed'>;
  /** Any whole number. */
  seed: number | null;
  topLogprobs: number;
  /** Continues a conversation of this key, or creates it under this id. */
  conversationId: string | null;
  /** Lets the same request find the answers that it asked for before. */
  repeatKey: RepeatKey | null;
}

interface Plan extends Pick<CheckedPrompt, 'hitsIn'> {
  turns: Turn[];
  systemPrompt: string | null;
  promptIds: number[];
  samplings: Sampling[];
}

/** The signal belongs to the reader, who may leave while another process writes the answers. */
export async function complete(
  product: Product,
  owner: KeyOwner,
  settings: Serving,
  input: CompletionInput,
  signal: AbortSignal,
): Promise<Completion> {
  const { repeatKey } = input;
  checkIds(
    Object.keys(input.sampling.logitBias ?? {}).map(Number),
    product.base.weights.config.vocabSize,
    'logit_bias',
  );
  for (const stop of input.sampling.stop ?? []) checkCharacters(stop, 'stop string', 'stop');
  const check = await inputCheck(product, owner, settings, signal);
  const checked = await Promise.all(input.prompts.map((prompt) => checkPrompt(product, check, prompt)));
  const refused = checked.flatMap(({ inputs }) => inputs).find(({ refusal }) => refusal !== null);
  const plans = checked.map((one) => planOf(product, settings, input, one));
  type Result = Omit<Completion, 'answers'>;
  const work = async (tx: Executor): Promise<Begun<Result | { first: Completion }>> => {
    const first = repeatKey && (await findFirst(product, tx, owner, repeatKey, signal));
    if (first) return { result: { first }, rows: [], promptTokens: 0 };
    if (refused?.refusal) throw refused.refusal;
    const arm = await resolveModel(tx, { settings, random: product.random }, owner.userId, input.model);
    const conversationId = input.conversationId ?? randomUUID();
    const title = titleOf(plans[0]!.turns.at(-1)!.content) || input.model;
    let isNew = await holdConversation(tx, owner, conversationId, title);
    const answerPlans: AnswerPlan[] = [];
    for (const { turns, hitsIn, promptIds, systemPrompt, samplings } of plans) {
      const id = await insertTurns(tx, conversationId, turns, hitsIn, isNew);
      isNew = false;
      const answers = samplings.map((sampling) => ({ arm, sampling }));
      answerPlans.push({ parent: { id, conversationId }, promptIds, systemPrompt, answers });
    }
    const { rows, promptTokens } = await insertAnswers(product, tx, settings, owner, answerPlans);
    if (repeatKey) await keepFirst(tx, owner, repeatKey, { conversationId, promptTokens }, rows);
    const { createdAt } = rows[0]!;
    const result = { versionId: arm.versionId, conversationId, promptTokens, createdAt, isRepeated: false };
    return { result, rows, promptTokens };
  };
  const asked = {
    topLogprobs: input.topLogprobs,
    isRepeatable: input.seed !== null,
    keepsTop: repeatKey !== null && input.topLogprobs > 0,
  };
  const { result, running } = await beginAnswers(product, owner, work, asked).catch(async (error: unknown) => {
    if (refused && error === refused.refusal) await recordRefusal(product, refused);
    throw error;
  });
  return 'first' in result ? result.first : { ...result, answers: running };
}

function planOf(product: Product, settings: Serving, input: CompletionInput, { prompt, hitsIn }: CheckedPrompt): Plan {
  const promptIds = promptIdsOf(product, settings, prompt);
  const maxTokens = fitContext(product, settings, promptIds, prompt, input.sampling.maxTokens);
  const samplings = Array.from({ length: input.choices }, (_, index): Sampling => {
    const seed = input.seed === null ? drawSeed(product) : seedAt(input.seed, index);
    return Sampling.parse({ ...settings.sampling, ...input.sampling, maxTokens, seed });
  });
  const systemPrompt = systemPromptOf(settings, prompt);
  return { turns: turnsOf(product, prompt), hitsIn, promptIds, systemPrompt, samplings };
}

/** Maps any whole number to a seed that the engine takes, distinct for seeds that differ by less than 2^53. */
const seedAt = (seed: number, index: number) => Number(BigInt.asUintN(53, BigInt(seed) + BigInt(index)));
