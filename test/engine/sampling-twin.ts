// The slow twin of the sampling step: the distribution by its definition in float64, and its inverse CDF.
import type { Sampling } from '@/core/sampling';

export interface Context {
  prompt?: readonly number[];
  answer?: readonly number[];
}

/** Bias, penalties, temperature, top-k, top-p, min-p, in transformers' order; presence and frequency as OpenAI has them. */
export function samplingDistribution(
  logits: ArrayLike<number>,
  sampling: Sampling,
  { prompt = [], answer = [] }: Context = {},
): number[] {
  const { repetitionPenalty, presencePenalty, frequencyPenalty, temperature, topK, topP, minP } = sampling;
  const adjusted = Array.from(logits, (logit, id) => {
    let value = logit + (sampling.logitBias[id] ?? 0);
    if (prompt.includes(id) || answer.includes(id)) {
      value = value > 0 ? value / repetitionPenalty : value * repetitionPenalty;
    }
    const count = answer.filter((said) => said === id).length;
    return value - presencePenalty * (count > 0 ? 1 : 0) - frequencyPenalty * count;
  });
  const order = ranked(adjusted);
  if (temperature === 0) return adjusted.map((_, id) => (id === order[0] ? 1 : 0));
  let p = softmax(adjusted.map((value) => value / temperature));
  const keepOnly = (ids: readonly number[]) => {
    const kept = new Set(ids);
    p = normalise(p.map((value, id) => (kept.has(id) ? value : 0)));
  };
  if (topK > 0) keepOnly(order.slice(0, topK));
  let mass = 0; // of the more likely tokens
  const nucleus: number[] = [];
  for (const id of order) {
    if (mass < topP) nucleus.push(id);
    mass += p[id]!;
  }
  if (topP < 1) keepOnly(nucleus);
  const likeliest = p[order[0]!]!;
  keepOnly(order.filter((id) => p[id]! >= minP * likeliest));
  return p;
}

export const softmax = (logits: readonly number[]) => {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  return normalise(logits.map((value) => Math.exp(value - largest)));
};

/** On the unit line, the candidates of top-k or top-p are ordered by probability, the whole vocabulary by id. */
export function drawToken(p: readonly number[], uniform: number, { topK, topP }: Sampling): number {
  const isTruncated = topK > 0 || topP < 1;
  const order = (isTruncated ? ranked(p) : p.map((_, id) => id)).filter((id) => p[id]! > 0);
  let end = 0;
  for (const id of order) {
    end += p[id]!;
    if (uniform < end) return id;
  }
  return order.at(-1)!;
}

/** Ids, the most likely first; ties are broken by the smaller id. */
const ranked = (values: readonly number[]) =>
  values.map((_, id) => id).sort((a, b) => values[b]! - values[a]! || a - b);

const normalise = (weights: readonly number[]) => {
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};
