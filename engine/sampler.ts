// Turns the sampling settings of a batch's rows into the tensors that the graph's sampling step reads.
import { Tensor } from 'onnxruntime-node';
import { uniformAt } from '@/core/rng';
import type { Sampling } from '@/core/sampling';

export interface SampledRow {
  sampling: Omit<Sampling, 'maxTokens' | 'stop'>;
  /** Index of the next answer token. */
  position: number;
  seen: Iterable<number>;
}

/** Sorted candidates for a nucleus; the graph sorts the whole vocabulary where these do not reach topP. */
const NUCLEUS_CANDIDATES = 64;
/** float32 rounds uniforms above this to 1. */
const LARGEST_UNIFORM = 1 - 2 ** -24;

/** Colder than this is greedy: its reciprocal would leave float32. */
const COLDEST = 1e-4;
/** A smaller nucleus holds the likeliest token alone, too, and could vanish in float32. */
const SMALLEST_NUCLEUS = 1e-6;

/** What a row's settings mean to the graph: a greedy row neither truncates nor divides. */
function effective({ temperature, topK, topP }: SampledRow['sampling'], vocab: number) {
  if (temperature < COLDEST) return { isGreedy: true, inverseTemperature: 1, topK: 0, topP: 1 };
  return {
    isGreedy: false,
    inverseTemperature: 1 / temperature,
    topK: Math.min(topK, vocab),
    topP: Math.max(topP, SMALLEST_NUCLEUS),
  };
}

/** Feeds for `rows.length` rows and `steps` turns. */
export function samplingFeeds(rows: SampledRow[], steps: number, vocab: number): Record<string, Tensor> {
  const count = rows.length;
  const uniforms = new Float32Array(steps * count);
  const hasPenalty = rows.some(({ sampling }) => sampling.repetitionPenalty !== 1);
  const width = hasPenalty ? vocab : 1;
  const seen = new Uint8Array(count * width);
  const settings = rows.map(({ sampling }) => effective(sampling, vocab));
  let candidates = 1;
  for (const { topK, topP } of settings) {
    candidates = Math.max(candidates, topK, topP < 1 ? Math.min(NUCLEUS_CANDIDATES, vocab) : 1);
  }
  for (const [row, { sampling, position, seen: ids }] of rows.entries()) {
    for (let step = 0; step < steps; step++) {
      uniforms[step * count + row] = Math.min(uniformAt(sampling.seed, position + step), LARGEST_UNIFORM);
    }
    if (sampling.repetitionPenalty !== 1) for (const id of ids) seen[row * width + id] = 1;
  }
  const column = (values: number[]) => new Tensor('float32', Float32Array.from(values), [count, 1]);
  const isGreedy = Uint8Array.from(settings, (own) => (own.isGreedy ? 1 : 0));
  const topK = BigInt64Array.from(settings, (own) => BigInt(own.topK));
  return {
    uniforms: new Tensor('float32', uniforms, [steps, count, 1]),
    inverseTemperature: column(settings.map((own) => own.inverseTemperature)),
    isGreedy: new Tensor('bool', isGreedy, [count, 1]),
    topK: new Tensor('int64', topK, [count, 1]),
    topP: column(settings.map((own) => own.topP)),
    penalty: column(rows.map(({ sampling }) => sampling.repetitionPenalty)),
    forced: new Tensor('int64', new BigInt64Array(count).fill(-1n), [count, 1]),
    seen: new Tensor('bool', seen, [count, width]),
    hasPenalty: new Tensor('bool', Uint8Array.of(hasPenalty ? 1 : 0), []),
    hasSampling: new Tensor('bool', Uint8Array.of(isGreedy.includes(0) ? 1 : 0), []),
    candidates: new Tensor('int64', BigInt64Array.of(BigInt(candidates)), [1]),
  };
}
