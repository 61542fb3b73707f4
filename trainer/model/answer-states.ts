// The mean over an answer's tokens of what enters some blocks of the frozen base: what a linear probe reads.
import { type Tensor2D, tf } from '@/trainer/backend';
import { type AnswerGroup, type PackedAnswers, packAnswers } from './packing';
import type { Trunk } from './types';

export interface AnswerStates {
  readonly blocks: readonly number[];
  readonly hiddenSize: number;
  /** Answer after answer, block after block: [answers, blocks, H]. One without tokens has its prompt's last state. */
  of(groups: readonly AnswerGroup[]): Float32Array;
}

export const computeAnswerStates = (trunk: Trunk, blocks: readonly number[]): AnswerStates => ({
  blocks,
  hiddenSize: trunk.config.hiddenSize,
  of: (groups) => meansOf(trunk, groups, blocks),
});

function meansOf(trunk: Trunk, groups: readonly AnswerGroup[], blocks: readonly number[]): Float32Array {
  const { hiddenSize } = trunk.config;
  const packed = packAnswers(groups);
  const answers = packed.lengths.length;
  const means = new Float32Array(answers * blocks.length * hiddenSize);
  tf.tidy(() => {
    const average = averaging(packed); // [answers, N]
    trunk.entering(packed.batch, Math.max(...blocks), (layer, states) => {
      const at = blocks.indexOf(layer);
      if (at < 0) return;
      const rows = tf.tidy(() => tf.matMul(average, states).dataSync() as Float32Array);
      for (let answer = 0; answer < answers; answer++) {
        const own = rows.subarray(answer * hiddenSize, (answer + 1) * hiddenSize);
        means.set(own, (answer * blocks.length + at) * hiddenSize);
      }
    });
  });
  return means;
}

/** Row a holds 1 / length at the tokens of answer a. [answers, N] */
function averaging({ batch, last, lengths }: PackedAnswers): Tensor2D {
  const starts: number[] = [];
  let tokens = 0;
  for (const ids of batch.ids) {
    starts.push(tokens);
    tokens += ids.length;
  }
  const weights = new Float32Array(lengths.length * tokens);
  for (const [answer, length] of lengths.entries()) {
    const count = Math.max(1, length);
    const end = answer * tokens + starts[last.row[answer]!]! + last.position[answer]! + 1;
    weights.fill(1 / count, end - count, end);
  }
  return tf.tensor2d(weights, [lengths.length, tokens]);
}
