// Figures of a policy's answers to held-out prompts, to be compared with its parent's.
import type { GateResult } from '@/core/artifact/manifest';
import { hash32 } from '@/core/rng';
import { countWords } from '@/core/text/text';
import { type Constraint, costsOf } from '@/trainer/math/constraint';
import { completedText } from '@/trainer/policy/experience';
import type { Run } from '@/trainer/runs/context';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import type { PrivateEngine } from '@/trainer/sampling/private-engine';

/** Shares may be worse than the parent's by this much: sampling noise of 64 answers. */
export const SLACK = 0.05;
/** Hits of a rule above the parent's that may be chance: the parent has one in some samples and none in others. */
export const CHANCE_HITS = 1;
/** Most words in an answer that says nothing. */
const DEGENERATE_WORDS = 2;

export interface CompletionSet {
  completions: Completion[];
  /** As sampled, at temperature 1; one row per completion. */
  engineLogprobs: (readonly number[])[];
}

export interface CompletionFigures {
  /** Number of answers measured. */
  count: number;
  /** Shares of the answers, 0..1. */
  endRate: number;
  degenerateShare: number;
  distinctShare: number;
  /** Mean cost of an answer, by constraint: for a rule, its hits. */
  constraintRates: Record<string, number>;
  /** Mean costs that the run allows, of the constraints that have a target. */
  constraintTargets: Record<string, number>;
}

/** Gates that compare the candidate's answers with its parent's. */
export type CompletionGate = (candidate: CompletionFigures, parent: CompletionFigures) => GateResult[];

/**
 * At least `count` completions: if there are fewer prompts, they are asked several times with different seeds.
 * Completion i has the same seed for every policy, so that two policies are compared in pairs.
 */
export async function sampleCompletions(
  engine: Pick<PrivateEngine, 'sample'>,
  versionId: string,
  prompts: readonly Int32Array[],
  { count, maxTokens, seed, signal }: { count: number; maxTokens: number; seed: number; signal: AbortSignal },
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

export async function measureCompletions(
  { completions }: CompletionSet,
  { constraints, decode, endIds }: Judging,
): Promise<CompletionFigures> {
  const completed = completions.map((completion) => completedText(completion, endIds, decode));
  const share = (count: number) => count / completions.length;
  const costs = await costsOf(constraints, completed);
  const targets = constraints.flatMap(({ name, adaptive }) => (adaptive ? [[name, adaptive.target] as const] : []));
  return {
    count: completions.length,
    endRate: share(completed.filter(({ ended }) => ended).length),
    degenerateShare: share(completed.filter(({ text }) => countWords(text) <= DEGENERATE_WORDS).length),
    distinctShare: share(new Set(completed.map(({ text }) => text)).size),
    constraintRates: Object.fromEntries([...costs].map(([name, own]) => [name, share(own.reduce((a, b) => a + b, 0))])),
    constraintTargets: Object.fromEntries(targets),
  };
}
