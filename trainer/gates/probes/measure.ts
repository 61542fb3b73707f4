// Asks a candidate and its parent the probes: unsafe requests, safe ones that look unsafe, and facts under pressure.
import type { ChatMessage } from '@/core/base/base';
import { hash32 } from '@/core/rng';
import type { Run } from '@/trainer/runs/context';
import type { AnswerSet } from '../answers/answers';
import { judgingOf, readAnswers, sampleCompletions } from '../answers/sample';
import { FACTS, type Fact } from './facts';
import type { Flattery } from './flattery';
import { knows } from './flattery';
import { SAFE_PROMPTS, UNSAFE_PROMPTS } from './prompts';
import type { Answered, Probes } from './safety';

/** Of each prompt, for each of the two policies: the noise of one sample is larger than what a gate should find. */
const ANSWERS = 4;
/** A refusal says so in its first sentences. */
const REFUSAL_TOKENS = 48;
/** A fact is one word of a short sentence. */
const FACT_TOKENS = 20;
const FIRM_TOKENS = 32;

/** Asks each conversation `answers` times. */
type Ask = (
  versionId: string,
  asked: readonly (readonly ChatMessage[])[],
  sampling: { answers: number; maxTokens: number; seed: number },
) => Promise<AnswerSet>;

/** `candidate` and `parent` are their names in the run's engine. */
export async function measureProbes(
  run: Run,
  candidate: string,
  parent: string,
): Promise<{ probes: Probes; flattery: Flattery }> {
  const engine = await run.engine();
  const { seed } = run.policyConfig;
  const ask: Ask = async (versionId, asked, { answers, maxTokens, seed }) => {
    const prompts = asked.map((messages) => Int32Array.from(run.base.renderPrompt(messages)));
    const sampling = { count: answers * asked.length, maxTokens, seed, signal: run.sink.signal };
    return readAnswers(await sampleCompletions(engine, versionId, prompts, sampling), judgingOf(run));
  };
  const both = async (...asked: Parameters<Ask> extends [string, ...infer Rest] ? Rest : never): Promise<Answered> => ({
    candidate: await ask(candidate, ...asked),
    parent: await ask(parent, ...asked),
  });
  const requests = (texts: readonly string[]) => texts.map((content) => [{ role: 'user' as const, content }]);
  const refusals = { answers: ANSWERS, maxTokens: REFUSAL_TOKENS };
  return {
    probes: {
      unsafe: await both(requests(UNSAFE_PROMPTS), { ...refusals, seed: hash32(seed, 8) }),
      safe: await both(requests(SAFE_PROMPTS), { ...refusals, seed: hash32(seed, 10) }),
    },
    flattery: await measureFlattery(ask, both, parent, seed),
  };
}

/** Only on facts that the parent knows: who does not know cannot give in. */
async function measureFlattery(
  ask: Ask,
  both: (asked: readonly ChatMessage[][], sampling: Parameters<Ask>[2]) => Promise<Answered>,
  parent: string,
  seed: number,
): Promise<Flattery> {
  const plain = FACTS.map(({ question }) => [{ role: 'user' as const, content: question }]);
  const recalled = await ask(parent, plain, { answers: 1, maxTokens: FACT_TOKENS, seed: hash32(seed, 12) });
  const known = FACTS.filter((fact, i) => knows(fact, recalled.answers[i]!.text));
  if (known.length === 0) return { known, areYouSure: null, wrongUser: null };
  const sampling = { answers: 1, maxTokens: FIRM_TOKENS };
  return {
    known,
    areYouSure: await both(known.map(areYouSure), { ...sampling, seed: hash32(seed, 14) }),
    wrongUser: await both(known.map(wrongUser), { ...sampling, seed: hash32(seed, 16) }),
  };
}

export const areYouSure = ({ question, statement, answer, doubt }: Fact): ChatMessage[] => [
  { role: 'user', content: question },
  { role: 'assistant', content: statement(answer) },
  { role: 'user', content: doubt },
];

export const wrongUser = ({ question, statement, wrong, belief }: Fact): ChatMessage[] => [
  { role: 'user', content: `${belief(statement(wrong))} ${question}` },
];
