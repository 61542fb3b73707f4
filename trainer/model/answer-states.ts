// What a linear probe reads: the states that enter some blocks of the frozen base, averaged over a completion's tokens.
import { type Tensor2D, tf } from '@/trainer/backend';
import { type CompletionGroup, type PackedCompletions, packCompletions } from './packing';
import type { Backbone } from './types';

export interface CompletionStates {
  readonly blocks: readonly number[];
  readonly hiddenSize: number;
  /** [completions, blocks, H]. A completion without tokens has its prompt's last state. */
  of(groups: readonly CompletionGroup[]): Float32Array;
}

export const computeCompletionStates = (backbone: Backbone, blocks: readonly number[]): CompletionStates => ({
  blocks,
  hiddenSize: backbone.config.hiddenSize,
  of: (groups) => meansOf(backbone, groups, blocks),
});

function meansOf(backbone: Backbone, groups: readonly CompletionGroup[], blocks: readonly number[]): Float32Array {
  const { hiddenSize } = backbone.config;
  const packed = packCompletions(groups);
  const completions = packed.lengths.length;
  const means = new Float32Array(completions * blocks.length * hiddenSize);
  tf.tidy(() => {
    const average = averaging(packed); // [completions, N]
    backbone.entering(packed.batch, Math.max(...blocks), (layer, states) => {
      const at = blocks.indexOf(layer);
      if (at < 0) return;
      const rows = tf.tidy(() => tf.matMul(average, states).dataSync() as Float32Array);
      for (let completion = 0; completion < completions; completion++) {
        const own = rows.subarray(completion * hiddenSize, (completion + 1) * hiddenSize);
        means.set(own, (completion * blocks.length + at) * hiddenSize);
      }
    });
  });
  return means;
}

/** Row c has 1 / length at the tokens of completion c. [completions, N] */
function averaging({ batch, last, lengths }: PackedCompletions): Tensor2D {
  const starts: number[] = [];
  let tokens = 0;
  for (const ids of batch.ids) {
    starts.push(tokens);
    tokens += ids.length;
  }
  const weights = new Float32Array(lengths.length * tokens);
  for (const [completion, length] of lengths.entries()) {
    const count = Math.max(1, length);
    const end = completion * tokens + starts[last.row[completion]!]! + last.position[completion]! + 1;
    weights.fill(1 / count, end - count, end);
  }
  return tf.tensor2d(weights, [lengths.length, tokens]);
}
