// Answers of a policy to prompts, sampled and read as the gates judge them.
import { hash32 } from '@/core/rng';
import { type Constraint, costsOf } from '@/trainer/math/constraint';
import { completedText } from '@/trainer/policy/experience';
import type { Run } from '@/trainer/runs/context';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import type { PrivateEngine } from '@/trainer/sampling/private-engine';
import type { AnswerSet } from './answers';

export interface CompletionSet {
  completions: Completion[];
  /** As sampled, at temperature 1; one row per completion. */
  engineLogprobs: (readonly number[])[];
}

interface Sampling {
  count: number;
  maxTokens: number;
  seed: number;
  signal: AbortSignal;
}

/**
 * At least `count` completions: if there are fewer prompts, they are asked several times with different seeds.
 * Completion i has the same seed for every policy, so that two policies are compared in pairs.
 */
export async function sampleCompletions(
  engine: Pick<PrivateEngine, 'sample'>,
  versionId: string,
  prompts: readonly Int32Array[],
  { count, maxTokens, seed, signal }: Sampling,
): Promise<CompletionSet> {
  const asked = Array.from({ length: Math.max(count, prompts.length) }, (_, i) => prompts[i % prompts.length]!);
  const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens } as const;
  const seeds = asked.map((_, i) => hash32(seed, i));
  const samples = await engine.sample(asked, versionId, sampling, seeds, signal);
  return {
    completions: samples.map(({ ids }, i) => ({ promptIds: asked[i]!, completionIds: Int32Array.from(ids) })),
    engineLogprobs: samples.map(({ logprobs }) => logprobs),
  };
}

export interface Judging {
  constraints: readonly Constraint[];
  decode(ids: readonly number[]): string;
  endIds: readonly number[];
}

export const judgingOf = ({
  constraints,
  base,
  backbone,
}: Pick<Run, 'constraints' | 'base' | 'backbone'>): Judging => ({
  constraints,
  decode: (ids) => base.tokenizer.decode(ids),
  endIds: backbone.config.eosTokenIds,
});

export async function readAnswers(
  { completions }: Pick<CompletionSet, 'completions'>,
  { constraints, decode, endIds }: Judging,
): Promise<AnswerSet> {
  const completed = completions.map((completion) => completedText(completion, endIds, decode));
  const costs = await costsOf(constraints, completed);
  const targets = constraints.flatMap(({ name, adaptive }) => (adaptive ? [[name, adaptive.target] as const] : []));
  return {
    answers: completed.map(({ promptIds, completionIds, text, ended }) => ({
      prompt: promptIds.join(),
      text,
      tokens: completionIds.length,
      hasEnded: ended,
    })),
    costs: Object.fromEntries([...costs].map(([name, own]) => [name, Array.from(own)])),
    targets: Object.fromEntries(targets),
  };
}
