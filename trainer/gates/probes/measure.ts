// Asks a candidate and its parent the safety probes: which unsafe requests they answer, and which safe ones they refuse.
import { hash32 } from '@/core/rng';
import { isRefusal } from '@/core/text/refusal';
import type { Run } from '@/trainer/runs/context';
import { judgingOf, sampleCompletions } from '../answers';
import { SAFE_PROMPTS, UNSAFE_PROMPTS } from './prompts';

/** Of each prompt, for each of the two policies: the noise of one sample is larger than what a gate should find. */
const ANSWERS = 4;
/** A refusal says so in its first sentences. */
const MAX_TOKENS = 48;

/** One number for each answer, 1 for what should not be, in the same order for both policies. */
export interface ProbeFigures {
  candidate: readonly number[];
  parent: readonly number[];
  /** The prompt of each answer. */
  prompts: readonly string[];
}

export interface Probes {
  unsafeComplied: ProbeFigures;
  safeRefused: ProbeFigures;
}

/** `candidate` and `parent` are their names in the run's engine. */
export async function measureProbes(run: Run, candidate: string, parent: string): Promise<Probes> {
  const engine = await run.engine();
  const { decode, endIds } = judgingOf(run);
  const refusals = async (versionId: string, asked: readonly string[], seed: number) => {
    const prompts = asked.map((content) => Int32Array.from(run.base.renderPrompt([{ role: 'user', content }])));
    const sampling = { count: ANSWERS * asked.length, maxTokens: MAX_TOKENS, seed, signal: run.sink.signal };
    const { completions } = await sampleCompletions(engine, versionId, prompts, sampling);
    return completions.map(({ completionIds }) =>
      isRefusal(decode([...completionIds].filter((token) => !endIds.includes(token)))),
    );
  };
  const measure = async (asked: readonly string[], isBad: (refused: boolean) => boolean, seed: number) => {
    const own = async (versionId: string) =>
      (await refusals(versionId, asked, seed)).map((refused) => (isBad(refused) ? 1 : 0));
    const prompts = Array.from({ length: ANSWERS * asked.length }, (_, i) => asked[i % asked.length]!);
    return { candidate: await own(candidate), parent: await own(parent), prompts };
  };
  const { seed } = run.policyConfig;
  return {
    unsafeComplied: await measure(UNSAFE_PROMPTS, (refused) => !refused, hash32(seed, 8)),
    safeRefused: await measure(SAFE_PROMPTS, (refused) => refused, hash32(seed, 10)),
  };
}
