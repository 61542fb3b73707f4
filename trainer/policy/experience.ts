// Completions with everything that a policy learns from: scores, costs, log-probs of three models, values.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { SampledConfig } from '@/core/config/families';
import { countWords } from '@/core/text/text';
import { shapeScore } from '@/trainer/math/advantages';
import { type Constraint, type ConstraintStates, constrainScore, costsOf } from '@/trainer/math/constraint';
import { deviationOf, type RunningMoments, updateMoments } from '@/trainer/math/moments';
import type { ScalarHead } from '@/trainer/model/heads';
import type { Backbone, Lora } from '@/trainer/model/types';
import { type Completion, scoreCompletions, splitByLength } from '@/trainer/sampling/completion-logprobs';
import type { ExperienceEngine } from '@/trainer/sampling/private-engine';
import type { StoredCompletion } from './stored-experience';

/** Scores completions: the reward model, normalised. */
export interface Reward {
  score(completions: readonly Completion[]): number[];
}

/**
 * One iteration's completions; every list has one row per completion, ragged by token. Stored completions come last.
 */
export interface Experience {
  promptIds: Int32Array[];
  completionIds: Int32Array[];
  /** Policy updates since each completion was sampled: 0 for the policy's own. */
  staleness: Float32Array;
  /** Normalised, before scaling, clipping, floors and penalties. */
  rewardScores: Float32Array;
  /** The scores to maximise: shaped, less the price of every cost. */
  scores: Float32Array;
  /** Unpriced costs by constraint. */
  costs: Map<string, Float32Array>;
  /** log p of each token at temperature 1, in nats: as sampled, under the policy, under the reference. */
  engineLogprobs: Float32Array[];
  logprobs: Float32Array[];
  referenceLogprobs: Float32Array[];
  /** Entropy of the policy's whole distribution at each token, in nats. */
  entropy: Float32Array[];
  /** Zeros if no value function is trained. */
  values: Float32Array[];
}

export interface ExperienceSources {
  backbone: Backbone;
  policy: Lora;
  /** The parent's adapter; null is only the base. */
  reference: Lora | null;
  reward: Reward;
  constraints: readonly Constraint[];
  engine: ExperienceEngine;
  /** Ids to text, for costs and word counts. */
  decode(ids: readonly number[]): string;
}

export const endsByItself = (completionIds: Int32Array, endIds: readonly number[]) =>
  endIds.includes(completionIds.at(-1) ?? -1);

export interface ExperienceRequest {
  config: SampledConfig;
  /** The policy's name in the engine. */
  adapterId: string;
  prompts: readonly Int32Array[];
  seeds: readonly number[];
  stored: readonly StoredCompletion[];
  /** Completed updates of the policy. */
  iteration: number;
  constraintStates: ConstraintStates;
  /** Moments of all scores so far, for scaling. */
  scoreMoments: RunningMoments;
  signal: AbortSignal;
}

/**
 * Samples a completion of each prompt, adds stored ones, scores all of them, and recomputes log-probs and values with
 * the trainer's own arithmetic. `onScores` runs before the values are computed, whose bias starts at the first mean
 * score.
 */
export async function gatherExperience(
  sources: ExperienceSources,
  valueHead: ScalarHead | null,
  request: ExperienceRequest,
  onScores: (scores: Float32Array) => void,
): Promise<{ experience: Experience; scoreMoments: RunningMoments }> {
  const { backbone, policy, reference, engine } = sources;
  const { config, stored, signal } = request;
  const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens: config.maxResponseTokens } as const;
  const samples = await engine.sample(request.prompts, request.adapterId, sampling, request.seeds, signal);
  const fresh = request.prompts.map((promptIds, i) => ({ promptIds, completionIds: Int32Array.from(samples[i]!.ids) }));
  const completions: Completion[] = [...fresh, ...stored];

  const judged = await judgeCompletions(sources, request, completions);
  onScores(judged.scores);
  await yieldToEvents(); // the native passes block the event loop

  const values: Float32Array[] = completions.map(({ completionIds }) => new Float32Array(completionIds.length));
  const policyPass = scoreCompletions(
    backbone,
    policy,
    completions,
    config.microBatchTokens,
    (hidden, positions, rows) => {
      if (!valueHead) return;
      const lengths = rows.map((row) => completions[row]!.completionIds.length);
      splitByLength(valueHead.values(hidden, positions), lengths).forEach((row, i) => {
        values[rows[i]!] = row;
      });
    },
  );
  await yieldToEvents();
  const referencePass = scoreCompletions(backbone, reference, completions, config.microBatchTokens);
  const experience: Experience = {
    promptIds: completions.map(({ promptIds }) => promptIds),
    completionIds: completions.map(({ completionIds }) => completionIds),
    staleness: Float32Array.from([
      ...fresh.map(() => 0),
      ...stored.map(({ updatesBehind }) => updatesBehind + request.iteration),
    ]),
    rewardScores: judged.rewardScores,
    scores: judged.scores,
    costs: judged.costs,
    values,
    engineLogprobs: [
      ...samples.map((sample) => Float32Array.from(sample.logprobs)),
      ...stored.map(({ logprobs }) => logprobs),
    ],
    logprobs: policyPass.logprobs,
    referenceLogprobs: referencePass.logprobs,
    entropy: policyPass.entropy,
  };
  return { experience, scoreMoments: judged.scoreMoments };
}

/** Turns reward and costs into the score to maximise. */
async function judgeCompletions(
  { reward, backbone, constraints, decode }: ExperienceSources,
  { config, constraintStates, scoreMoments }: ExperienceRequest,
  completions: readonly Completion[],
) {
  const rewardScores = Float32Array.from(reward.score(completions));
  const moments = updateMoments(scoreMoments, rewardScores);
  const scale = config.scoreScaling === 'running' ? deviationOf(moments) || 1 : 1;
  const texts = completions.map((completion) => completedText(completion, backbone.config.eosTokenIds, decode));
  const costs = await costsOf(constraints, texts);
  const scores = Float32Array.from(texts, ({ text, ended }, i) => {
    const shaped = shapeScore(rewardScores[i]! / scale, { words: countWords(text), ended }, config);
    return constrainScore(shaped, costsAt(costs, i), constraints, constraintStates);
  });
  return { rewardScores, scores, costs, scoreMoments: moments };
}

/** A completion with the text that people would read, and whether the policy ended it. */
export function completedText(
  { promptIds, completionIds }: Completion,
  endIds: readonly number[],
  decode: ExperienceSources['decode'],
) {
  const ended = endsByItself(completionIds, endIds);
  return {
    promptIds,
    completionIds,
    ended,
    text: decode([...(ended ? completionIds.subarray(0, -1) : completionIds)]),
  };
}

/** The costs of one row by constraint. */
export const costsAt = (costs: Experience['costs'], row: number): Map<string, number> =>
  new Map(Array.from(costs, ([name, own]) => [name, own[row]!]));

/** The rows that the policy itself sampled: only they show how well it does. */
export const ownRows = ({ staleness }: Experience): number[] =>
  Array.from(staleness.keys()).filter((row) => staleness[row] === 0);

/** Some rows of an experience, in the given order. */
export function selectRows(experience: Experience, rows: readonly number[]): Experience {
  const pick = <Row>(values: ArrayLike<Row>) => rows.map((row) => values[row]!);
  return {
    promptIds: pick(experience.promptIds),
    completionIds: pick(experience.completionIds),
    staleness: Float32Array.from(pick(experience.staleness)),
    rewardScores: Float32Array.from(pick(experience.rewardScores)),
    scores: Float32Array.from(pick(experience.scores)),
    costs: new Map([...experience.costs].map(([name, costs]) => [name, Float32Array.from(pick(costs))])),
    engineLogprobs: pick(experience.engineLogprobs),
    logprobs: pick(experience.logprobs),
    referenceLogprobs: pick(experience.referenceLogprobs),
    entropy: pick(experience.entropy),
    values: pick(experience.values),
  };
}
