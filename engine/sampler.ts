// Turns the sampling settings of a batch's rows into the tensors that the graph's sampling step reads.
import { Tensor } from 'onnxruntime-node';
import { uniformAt } from '@/core/rng';
import type { Sampling } from '@/core/sampling';

export interface SampledRow {
  sampling: Pick<Sampling, 'temperature' | 'topK' | 'topP' | 'repetitionPenalty' | 'seed'>;
  /** Index of the next answer token. */
  position: number;
  seen: Iterable<number>;
}

/** Sorted candidates for a nucleus; the graph sorts the whole vocabulary where these do not reach topP. */
const NUCLEUS_CANDIDATES = 64;
/** float32 rounds uniforms above this to 1. */
const LARGEST_UNIFORM = 1 - 2 ** -24;

/** Feeds for `rows.length` rows and `steps` turns. */
export function samplingFeeds(rows: SampledRow[], steps: number, vocab: number): Record<string, Tensor> {
  const count = rows.length;
  const uniforms = new Float32Array(steps * count);
  const hasPenalty = rows.some(({ sampling }) => sampling.repetitionPenalty !== 1);
  const width = hasPenalty ? vocab : 1;
  const seen = new Uint8Array(count * width);
  let candidates = 1;
  for (const [row, { sampling, position, seen: ids }] of rows.entries()) {
    for (let step = 0; step < steps; step++) {
      uniforms[step * count + row] = Math.min(uniformAt(sampling.seed, position + step), LARGEST_UNIFORM);
    }
    if (sampling.repetitionPenalty !== 1) for (const id of ids) seen[row * width + id] = 1;
    if (sampling.temperature === 0) continue;
    candidates = Math.max(candidates, sampling.topK);
    if (sampling.topP < 1) candidates = Math.max(candidates, NUCLEUS_CANDIDATES);
  }
  const floats = (of: (sampling: SampledRow['sampling']) => number) =>
    new Tensor(
      'float32',
      Float32Array.from(rows, ({ sampling }) => of(sampling)),
      [count, 1],
    );
  const isGreedy = rows.map(({ sampling }) => sampling.temperature === 0);
  const topK = BigInt64Array.from(rows, ({ sampling }) => BigInt(Math.min(sampling.topK, vocab)));
  return {
    uniforms: new Tensor('float32', uniforms, [steps, count, 1]),
    inverseTemperature: floats(({ temperature }) => (temperature === 0 ? 1 : 1 / temperature)),
    isGreedy: new Tensor('bool', Uint8Array.from(isGreedy, Number), [count, 1]),
    topK: new Tensor('int64', topK, [count, 1]),
    topP: floats(({ topP }) => topP),
    penalty: floats(({ repetitionPenalty }) => repetitionPenalty),
    forced: new Tensor('int64', new BigInt64Array(count).fill(-1n), [count, 1]),
    seen: new Tensor('bool', seen, [count, width]),
    hasPenalty: new Tensor('bool', Uint8Array.of(hasPenalty ? 1 : 0), []),
    hasSampling: new Tensor('bool', Uint8Array.of(isGreedy.every(Boolean) ? 0 : 1), []),
    candidates: new Tensor('int64', BigInt64Array.of(BigInt(Math.min(candidates, vocab))), [1]),
  };
}
