// Teacher-forced log-probabilities and raw logits, read out chunk by chunk so that few logits exist at a time.

import { KvCache } from '@/engine/cache/kv-cache';
import { type Forward, range } from './forward';
import type { ModelRunner } from './runner';

/** Tokens per chunk: bounds activations. */
const CHUNK_TOKENS = 512;
/** Most positions whose logits exist at once. */
const READOUT_ROWS = 128;

/** log p of each completion token given all tokens before it, temperature 1. */
export async function scoreRows(forward: Forward, rows: Parameters<ModelRunner['score']>[0]): Promise<Float32Array[]> {
  const results: Float32Array[] = [];
  for (const { promptIds, completionIds, adapterId } of rows) {
    forward.checkIds(promptIds);
    forward.checkAdapterId(adapterId);
    const tokens = Int32Array.of(...promptIds, ...completionIds);
    forward.checkLength(tokens.length);
    const logprobs = new Float32Array(completionIds.length);
    const cache = new KvCache();
    const end = completionIds.length === 0 ? 0 : tokens.length - 1; // the last token predicts nothing
    while (cache.length < end) {
      const start = cache.length;
      const firstReadout = Math.max(start, promptIds.length - 1);
      const stop = Math.min(end, start + CHUNK_TOKENS, firstReadout + READOUT_ROWS);
      const wanted = range(Math.min(firstReadout, stop), stop);
      const positions = wanted.length > 0 ? wanted : [stop - 1];
      const chunk = { cache, tokens: tokens.subarray(start, stop), adapterId };
      const readouts = positions.map((position) => ({ position: position - start, forced: tokens[position + 1]! }));
      const output = await forward.readOut(chunk, readouts, ['logprobs']);
      if (wanted.length > 0) logprobs.set(output.logprobs!.data as Float32Array, firstReadout - promptIds.length + 1);
    }
    cache.release();
    results.push(logprobs);
  }
  return results;
}

/** Logits [positions, V] at each of the given positions of one sequence. */
export async function logitsAt(
  forward: Forward,
  tokens: Int32Array,
  positions: number[],
  adapterId: string | null,
): Promise<Float32Array> {
  const cache = new KvCache();
  const readouts = positions.map((position) => ({ position, forced: 0 }));
  const output = await forward.readOut({ cache, tokens, adapterId }, readouts, ['finalLogits']);
  cache.release();
  return output.finalLogits!.data as Float32Array;
}
