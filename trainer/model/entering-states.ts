// Keeps the states that enter the lowest adapted block: the frozen blocks below give a row the same states every epoch.
import { type Tensor2D, tf } from '@/trainer/backend';
import type { Backbone, TokenBatch } from './types';

export interface EnteringStates {
  /**
   * For the tokens of all rows, in order; undefined if the adapter starts at block 0. The caller disposes it. [N, H]
   */
  of(batch: TokenBatch): Tensor2D | undefined;
}

/** Keeps at most `bytes`; further states are computed each time. */
export function keepEnteringStates(backbone: Backbone, layer: number, bytes: number): EnteringStates {
  const { hiddenSize } = backbone.config;
  const kept = new Map<string, Float32Array>();
  let free = bytes;
  const ofRow = ({ ids, segments }: TokenBatch, row: number): Float32Array => {
    const key = `${ids[row]} ${JSON.stringify(segments?.[row] ?? null)}`;
    const known = kept.get(key);
    if (known) return known;
    // Each row is computed alone: in another batch its last bits differ, and a resumed run must find the same ones.
    const alone = { ids: [ids[row]!], ...(segments && { segments: [segments[row]!] }) };
    const states = tf.tidy(() => backbone.entering(alone, layer).dataSync() as Float32Array);
    if (states.byteLength <= free) {
      free -= states.byteLength;
      kept.set(key, states);
    }
    return states;
  };
  return {
    of(batch) {
      if (layer === 0) return undefined;
      const tokens = batch.ids.reduce((sum, row) => sum + row.length, 0);
      const all = new Float32Array(tokens * hiddenSize);
      let next = 0;
      for (const row of batch.ids.keys()) {
        const states = ofRow(batch, row);
        all.set(states, next);
        next += states.length;
      }
      return tf.tensor2d(all, [tokens, hiddenSize]);
    },
  };
}
