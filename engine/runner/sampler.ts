// Turns the sampling settings of a batch's rows into the input tensors of the graph's sampling step.
import { Tensor } from 'onnxruntime-node';
import { uniformAt } from '@/core/rng';
import { hasPenalty, type Sampling } from '@/core/sampling';
import { IN_PROMPT } from '@/engine/graph/adjust';

export interface SampledRow {
  sampling: Omit<Sampling, 'maxTokens' | 'stop'>;
  /** Index of the next completion token. */
  position: number;
  /** Prompt and completion so far; the last `position` ids are the completion. Read only if the row has a penalty. */
  seen: ArrayLike<number>;
  /** How many of the most likely tokens to report. */
  topLogprobs?: number;
}

/** Sorted candidates for a nucleus; the graph sorts the whole vocabulary when these do not reach topP. */
const NUCLEUS_CANDIDATES = 64;
/** float32 rounds uniforms above this to 1. */
const LARGEST_UNIFORM = 1 - 2 ** -24;

/** A lower temperature counts as greedy: its reciprocal would overflow float32. */
const COLDEST = 1e-4;
/** A smaller nucleus would still hold only the most likely token, and could vanish in float32. */
const SMALLEST_NUCLEUS = 1e-6;

/** A row's settings as the graph reads them: a greedy row neither truncates nor divides. */
function effective({ temperature, topK, topP, minP }: SampledRow['sampling'], vocab: number) {
  if (temperature < COLDEST) return { isGreedy: true, inverseTemperature: 1, topK: 0, topP: 1, minP: 0 };
  return {
    isGreedy: false,
    inverseTemperature: 1 / temperature,
    topK: Math.min(topK, vocab),
    topP: Math.max(topP, SMALLEST_NUCLEUS),
    minP,
  };
}

/** Feeds for `rows.length` rows and `steps` turns. */
export function samplingFeeds(rows: SampledRow[], steps: number, vocab: number): Record<string, Tensor> {
  const count = rows.length;
  const uniforms = new Float32Array(steps * count);
  const settings = rows.map(({ sampling }) => effective(sampling, vocab));
  let candidates = 1;
  for (const { topK, topP } of settings) {
    candidates = Math.max(candidates, topK, topP < 1 ? Math.min(NUCLEUS_CANDIDATES, vocab) : 1);
  }
  for (const [row, { sampling, position }] of rows.entries()) {
    for (let step = 0; step < steps; step++) {
      uniforms[step * count + row] = Math.min(uniformAt(sampling.seed, position + step), LARGEST_UNIFORM);
    }
  }
  const column = (values: number[]) => new Tensor('float32', Float32Array.from(values), [count, 1]);
  const isGreedy = Uint8Array.from(settings, (own) => (own.isGreedy ? 1 : 0));
  const topK = BigInt64Array.from(settings, (own) => BigInt(own.topK));
  const reported = Math.min(Math.max(0, ...rows.map(({ topLogprobs = 0 }) => topLogprobs)), vocab);
  return {
    uniforms: new Tensor('float32', uniforms, [steps, count, 1]),
    inverseTemperature: column(settings.map((own) => own.inverseTemperature)),
    isGreedy: new Tensor('bool', isGreedy, [count, 1]),
    topK: new Tensor('int64', topK, [count, 1]),
    topP: column(settings.map((own) => own.topP)),
    minP: column(settings.map((own) => own.minP)),
    penalty: column(rows.map(({ sampling }) => sampling.repetitionPenalty)),
    presence: column(rows.map(({ sampling }) => sampling.presencePenalty)),
    frequency: column(rows.map(({ sampling }) => sampling.frequencyPenalty)),
    forced: new Tensor('int64', new BigInt64Array(count).fill(-1n), [count, 1]),
    ...historyFeeds(rows, vocab),
    ...biasFeeds(rows),
    hasMinP: flag(settings.some((own) => own.minP > 0)),
    hasSampling: flag(isGreedy.includes(0)),
    hasTruncation: flag(settings.some((own) => own.topK > 0 || own.topP < 1)),
    candidates: new Tensor('int64', BigInt64Array.of(BigInt(candidates)), [1]),
    reported: new Tensor('int64', BigInt64Array.of(BigInt(reported)), [1]),
  };
}

/** The history that each row's penalties read: see `IN_PROMPT`. One column if no row has a penalty. */
function historyFeeds(rows: SampledRow[], vocab: number): Record<string, Tensor> {
  const isUsed = rows.some(({ sampling }) => hasPenalty(sampling));
  const width = isUsed ? vocab : 1;
  const history = new Float32Array(rows.length * width);
  for (const [row, { sampling, position, seen }] of rows.entries()) {
    if (!hasPenalty(sampling)) continue;
    const cells = history.subarray(row * width, (row + 1) * width);
    const promptTokens = seen.length - position;
    for (let i = 0; i < promptTokens; i++) cells[seen[i]!] = IN_PROMPT;
    for (let i = promptTokens; i < seen.length; i++) cells[seen[i]!]! += 1;
  }
  return { history: new Tensor('float32', history, [rows.length, width]), hasPenalty: flag(isUsed) };
}

function biasFeeds(rows: SampledRow[]): Record<string, Tensor> {
  const entries = rows.map(({ sampling }) => Object.entries(sampling.logitBias));
  const width = Math.max(0, ...entries.map(({ length }) => length));
  const ids = new BigInt64Array(rows.length * width);
  const biases = new Float32Array(rows.length * width);
  for (const [row, own] of entries.entries()) {
    for (const [i, [id, bias]] of own.entries()) {
      ids[row * width + i] = BigInt(id);
      biases[row * width + i] = bias;
    }
  }
  return {
    biasIds: new Tensor('int64', ids, [rows.length, width]),
    biases: new Tensor('float32', biases, [rows.length, width]),
    hasBias: flag(width > 0),
  };
}

const flag = (value: boolean) => new Tensor('bool', Uint8Array.of(value ? 1 : 0), []);
