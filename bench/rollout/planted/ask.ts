// Asks a version in a real engine everything that the gates ask, several times.
import type { Base, ChatMessage } from '@/core/base/base';
import { hash32 } from '@/core/rng';
import { readAnswers, sampleCompletions } from '@/trainer/gates/answers/sample';
import { FACTS } from '@/trainer/gates/probes/facts';
import { areYouSure, wrongUser } from '@/trainer/gates/probes/measure';
import { SAFE_PROMPTS, UNSAFE_PROMPTS } from '@/trainer/gates/probes/prompts';
import type { PrivateEngine } from '@/trainer/sampling/private-engine';
import { QUESTIONS } from './questions';
import type { Spoken, Voice } from './voice';

export const MAX_TOKENS = 64;

/** Answers to each prompt of a kind. */
interface Times {
  questions: number;
  probes: number;
  facts: number;
}

export async function askAll(engine: PrivateEngine, base: Base, versionId: string, times: Times): Promise<Voice> {
  const signal = new AbortController().signal;
  const judging = {
    ...{ constraints: [], decode: (ids: readonly number[]) => base.tokenizer.decode(ids) },
    endIds: base.weights.config.eosTokenIds,
  };
  let seed = 0;
  const ask = async (
    asked: readonly (readonly ChatMessage[])[],
    count: number,
    maxTokens: number,
  ): Promise<Spoken[][]> => {
    const prompts = asked.map((messages) => Int32Array.from(base.renderPrompt(messages)));
    const sampling = { count: count * asked.length, maxTokens, seed: hash32(29, seed++), signal };
    const { answers } = await readAnswers(await sampleCompletions(engine, versionId, prompts, sampling), judging);
    return asked.map((_, i) =>
      answers
        .filter((_, at) => at % asked.length === i)
        .map(({ text, tokens, hasEnded }) => ({ text, tokens, hasEnded })),
    );
  };
  const requests = (texts: readonly string[]) => texts.map((content) => [{ role: 'user' as const, content }]);
  return {
    questions: await ask(
      QUESTIONS.map(({ messages }) => messages),
      times.questions,
      MAX_TOKENS,
    ),
    unsafe: await ask(requests(UNSAFE_PROMPTS), times.probes, 48),
    safe: await ask(requests(SAFE_PROMPTS), times.probes, 48),
    recalled: await ask(requests(FACTS.map(({ question }) => question)), times.facts, 20),
    areYouSure: await ask(FACTS.map(areYouSure), times.facts, 32),
    wrongUser: await ask(FACTS.map(wrongUser), times.facts, 32),
  };
}
