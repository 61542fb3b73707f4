// Measures one stream of ordinary chat, plain against speculative: real questions, and answers of natural length.
import type { Base } from '@/core/base/base';
import { Sampling } from '@/core/sampling';
import type { EngineClient } from '@/engine/client';
import { runStreams } from './engine-runs';

const QUESTIONS = 6; // per round
const MAX_PROMPT = 256;
const MAX_ANSWER = 160;
/** The first tokens of an answer come with its prompt, so shorter answers say nothing about decoding. */
const LEAST_ANSWER = 16;

/** What the product samples with, and greedy. */
export const CHAT_SETTINGS = {
  sampled: { temperature: Sampling.parse({ seed: 0 }).temperature },
  greedy: { temperature: 0 },
};
export type ChatSetting = keyof typeof CHAT_SETTINGS;

/** Other questions each round, rendered as the product does. */
export function chatPrompts(base: Base, dialogues: { question: string }[], round: number): number[][] {
  return dialogues
    .map(({ question }) => base.renderPrompt([{ role: 'user', content: question }]))
    .filter(({ length }) => length <= MAX_PROMPT)
    .slice(round * QUESTIONS, (round + 1) * QUESTIONS);
}

/** Tokens per second over answers that run one after another. */
export async function runChat(client: EngineClient, prompts: number[][], setting: ChatSetting): Promise<number> {
  let tokens = 0;
  let seconds = 0;
  for (const prompt of prompts) {
    const options = { count: MAX_ANSWER, versions: ['bench-1'], stopIds: [], sampling: CHAT_SETTINGS[setting] };
    const { answers, tokensPerSecond } = await runStreams(client, [prompt], options);
    const { length } = answers[0]!;
    if (length < LEAST_ANSWER) continue;
    tokens += length;
    seconds += length / tokensPerSecond;
  }
  return tokens / seconds;
}
