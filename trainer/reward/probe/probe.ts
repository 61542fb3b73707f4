// Reads rewards from the frozen base: a linear probe of the mean completion state for each of several blocks.
//
// Alain and Bengio 2016 for probes of what a block knows; several blocks are an ensemble, whose mean is steadier than the
// best of them. The backbone is not trained, so a few hundred votes cannot distort it.

import { packByLength } from '@/trainer/math/micro-batch';
import type { CompletionStates } from '@/trainer/model/answer-states';
import { completionStarts, type RewardReader } from '@/trainer/reward/reader';
import { groupSize } from '@/trainer/reward/rows';
import { type NamedTensors, tensorOf } from '@/trainer/runs/checkpoint';

export interface Probe {
  /** The probe reads the states that enter this block; at least 1. */
  block: number;
  /** [H] */
  weight: Float32Array;
  bias: number;
}

/** `states` are those of the probes' blocks, in the same order. */
export function createProbeReader(
  states: CompletionStates,
  probes: readonly Probe[],
  microBatchTokens: number,
): RewardReader {
  const blocks = probes.map(({ block }) => block);
  return {
    state: { kind: 'probe', blocks },

    headScores(groups) {
      const { starts, count } = completionStarts(groups);
      const scores = probes.map(() => new Float32Array(count));
      for (const part of packByLength(groups.map(groupSize), microBatchTokens)) {
        const read = states.of(part.map((i) => groups[i]!));
        const places = part.flatMap((i) => groups[i]!.completions.map((_, j) => starts[i]! + j));
        for (const [j, place] of places.entries()) {
          for (const [h, { weight, bias }] of probes.entries()) {
            const from = (j * blocks.length + h) * weight.length;
            scores[h]![place] = bias + dot(weight, read.subarray(from, from + weight.length));
          }
        }
      }
      return scores;
    },

    tensors: () => packProbes(probes),
    parts: () => ({ adapter: null, blocks, heads: probes.map(({ weight, bias }) => ({ weight, bias })) }),
    dispose() {},
  };
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function packProbes(probes: readonly Probe[]): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const [i, { weight, bias }] of probes.entries()) {
    tensors.set(`probe.${i}.weight`, { shape: [weight.length], values: weight });
    tensors.set(`probe.${i}.bias`, { shape: [1], values: Float32Array.of(bias) });
  }
  return tensors;
}

/** Throws CORRUPT, naming the tensor, if one is missing. */
export const unpackProbes = (blocks: readonly number[], tensors: NamedTensors): Probe[] =>
  blocks.map((block, i) => ({
    block,
    weight: tensorOf(tensors, `probe.${i}.weight`).values as Float32Array,
    bias: tensorOf(tensors, `probe.${i}.bias`).values[0]!,
  }));
