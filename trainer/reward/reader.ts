// What a reward model reads its raw scores from: an adapted trunk, or probes of the frozen one.
import type { RewardArtifact } from '@/core/artifact/reward-artifact';
import type { EnteringStates } from '@/trainer/model/entering-states';
import type { CompletionGroup } from '@/trainer/model/packing';
import type { NamedTensors } from '@/trainer/runs/checkpoint';

/** Everything but tensors that brings a reader back. */
export type ReaderState =
  | {
      kind: 'adapter';
      rank: number;
      alpha: number;
      /** Block from which on the adapter has pairs. */
      firstLayer: number;
      heads: number;
    }
  | {
      kind: 'probe';
      /** The block whose entering states each head reads. */
      blocks: readonly number[];
    };

export interface RewardReader {
  readonly state: ReaderState;
  /** By head, then by answer: group after group, behind one copy of each prompt. `states` saves the blocks below the adapter. */
  headScores(groups: readonly CompletionGroup[], states?: EnteringStates): Float32Array[];
  tensors(): NamedTensors;
  /** Its part of an artifact that the engine side scores with. */
  parts(): Pick<RewardArtifact, 'adapter' | 'blocks' | 'heads'>;
  dispose(): void;
}

/** The place of each group's first answer among all answers, and how many there are. */
export function completionStarts(groups: readonly CompletionGroup[]): { starts: number[]; count: number } {
  const starts: number[] = [];
  let count = 0;
  for (const { completions } of groups) {
    starts.push(count);
    count += completions.length;
  }
  return { starts, count };
}
