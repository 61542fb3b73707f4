// Fresh answers of the policy with everything that PPO learns from: scores, costs, log-probs of three models, values.

import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { shapeScore } from './advantage';
import type { NamedTensors } from './checkpoint';
import type { PpoConfig } from './config';
import type { Constraint } from './constraint';
import type { ScalarHead } from './model/heads';
import type { Lora, Trunk } from './model/types';
import { type Answer, scoreResponses, splitByLength } from './response';

/** Whatever scores answers; the reward model, normalised. */
export interface Reward {
  score(answers: readonly Answer[]): number[];
}

/** The engine as experience needs it: plain samples at temperature 1, since truncated ones make negative divergence. */
export interface ExperienceEngine {
  sample(
    prompts: readonly Int32Array[],
    adapterId: string,
    sampling: { temperature: 1; topK: 0; topP: 1; maxTokens: number },
    seeds: readonly number[],
    signal: AbortSignal,
  ): Promise<{ ids: readonly number[]; logprobs: readonly number[] }[]>;
}

/** One iteration's answers; every list has a row per answer, ragged by response token. */
export interface Experience {
  promptIds: Int32Array[];
  answerIds: Int32Array[];
  /** Normalised, before clipping, floors and penalties. */
  rewardScores: Float32Array;
  /** What PPO maximises: shaped, less the price of every cost. */
  scores: Float32Array;
  /** Unpriced costs by constraint. */
  costs: Map<string, Float32Array>;
  /** log p of each token at temperature 1: as sampled, of the policy, of the reference. Nats. */
  engineLogprobs: Float32Array[];
  logprobs: Float32Array[];
  referenceLogprobs: Float32Array[];
  /** Of the policy's whole distribution at each token. Nats. */
  entropy: Float32Array[];
  values: Float32Array[];
}

export interface ExperienceSources {
  trunk: Trunk;
  policy: Lora;
  /** The parent's adapter; null is the base alone. */
  reference: Lora | null;
  reward: Reward;
  constraints: readonly Constraint[];
  /** Points of score for a unit of each cost. */
  prices: ReadonlyMap<string, number>;
  engine: ExperienceEngine;
  /** Ids to text, for costs and word counts. */
  decode(ids: readonly number[]): string;
  config: PpoConfig;
}

export const endsByItself = (answerIds: Int32Array, endIds: readonly number[]) =>
  endIds.includes(answerIds.at(-1) ?? -1);

export const countWords = (text: string) => text.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

export interface ExperienceRequest {
  /** The policy's name in the engine. */
  adapterId: string;
  prompts: readonly Int32Array[];
  seeds: readonly number[];
  signal: AbortSignal;
}

/**
 * Samples an answer to each prompt, scores it, and recomputes log-probs and values with the trainer's own arithmetic.
 * `onScores` runs before the values are computed: the value head's bias starts from the first mean score.
 */
export async function gatherExperience(
  sources: ExperienceSources,
  valueHead: ScalarHead,
  request: ExperienceRequest,
  onScores: (scores: Float32Array) => void,
): Promise<Experience> {
  const { trunk, policy, reference, config, constraints, prices } = sources;
  const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens: config.maxResponseTokens } as const;
  const samples = await sources.engine.sample(
    request.prompts,
    request.adapterId,
    sampling,
    request.seeds,
    request.signal,
  );
  const answers = request.prompts.map((promptIds, i) => ({ promptIds, answerIds: Int32Array.from(samples[i]!.ids) }));
  const rewardScores = Float32Array.from(sources.reward.score(answers));

  const costs = new Map(constraints.map(({ name }) => [name, new Float32Array(answers.length)]));
  const scores = Float32Array.from(answers, ({ answerIds }, i) => {
    const ended = endsByItself(answerIds, trunk.config.eosTokenIds);
    const text = sources.decode([...(ended ? answerIds.subarray(0, -1) : answerIds)]);
    let score = shapeScore(rewardScores[i]!, { words: countWords(text), ended }, config);
    for (const { name, cost } of constraints) {
      costs.get(name)![i] = cost(text);
      score -= (prices.get(name) ?? 0) * costs.get(name)![i]!;
    }
    return score;
  });

  onScores(scores);

  await yieldToEvents(); // the native passes hold the event loop

  const values: Float32Array[] = new Array(answers.length);
  const policyPass = scoreResponses(trunk, policy, answers, config.microBatchTokens, (hidden, positions, rows) => {
    const group = rows.map((row) => answers[row]!);
    splitByLength(
      valueHead.values(hidden, positions),
      group.map(({ answerIds }) => answerIds.length),
    ).forEach((row, i) => {
      values[rows[i]!] = row;
    });
  });
  await yieldToEvents();
  const referencePass = scoreResponses(trunk, reference, answers, config.microBatchTokens);
  return {
    promptIds: answers.map(({ promptIds }) => promptIds),
    answerIds: answers.map(({ answerIds }) => answerIds),
    rewardScores,
    scores,
    costs,
    engineLogprobs: samples.map((sample) => Float32Array.from(sample.logprobs)),
    logprobs: policyPass.logprobs,
    referenceLogprobs: referencePass.logprobs,
    entropy: policyPass.entropy,
    values,
  };
}

const RAGGED = [
  'promptIds',
  'answerIds',
  'engineLogprobs',
  'logprobs',
  'referenceLogprobs',
  'entropy',
  'values',
] as const;

/** As named tensors for a checkpoint; ids fit float32 exactly below 2^24. */
export function packExperience(experience: Experience): NamedTensors {
  const tensors: NamedTensors = new Map();
  const put = (name: string, values: Float32Array) =>
    tensors.set(`experience.${name}`, { shape: [values.length], values });
  for (const key of RAGGED) {
    const rows = experience[key];
    put(`${key}.lengths`, Float32Array.from(rows.map((row) => row.length)));
    put(key, Float32Array.from(rows.flatMap((row) => [...row])));
  }
  put('rewardScores', experience.rewardScores);
  put('scores', experience.scores);
  for (const [name, cost] of experience.costs) put(`costs.${name}`, cost);
  return tensors;
}

/** The inverse; null where the checkpoint lies between two experiences. */
export function unpackExperience(tensors: NamedTensors): Experience | null {
  const get = (name: string) => tensors.get(`experience.${name}`)?.values ?? new Float32Array(0);
  if (!tensors.has('experience.scores')) return null;
  const rows = (key: (typeof RAGGED)[number]) => splitByLength(get(key), get(`${key}.lengths`));
  const ids = (key: 'promptIds' | 'answerIds') => rows(key).map((row) => Int32Array.from(row));
  const prefix = 'experience.costs.';
  return {
    promptIds: ids('promptIds'),
    answerIds: ids('answerIds'),
    rewardScores: get('rewardScores'),
    scores: get('scores'),
    costs: new Map(
      [...tensors].flatMap(([k, t]) => (k.startsWith(prefix) ? [[k.slice(prefix.length), t.values]] : [])),
    ),
    engineLogprobs: rows('engineLogprobs'),
    logprobs: rows('logprobs'),
    referenceLogprobs: rows('referenceLogprobs'),
    entropy: rows('entropy'),
    values: rows('values'),
  };
}
