// The source of a reward model's raw scores: an adapted backbone, or probes of the frozen one.
import type { RewardArtifact } from '@/core/artifact/reward-artifact';
import type { EnteringStates } from '@/trainer/model/entering-states';
import type { CompletionGroup } from '@/trainer/model/packing';
import type { NamedTensors } from '@/trainer/runs/checkpoint';

/** Everything except tensors that is needed to restore a reader. */
export type ReaderState =
  | {
      kind: 'adapter';
      rank: number;
      alpha: number;
      /** First block in which the adapter has pairs. */
      firstLayer: number;
      heads: number;
    }
  | {
      kind: 'probe';
      /** For each head, the block whose entering states it reads. */
      blocks: readonly number[];
    };

export interface RewardReader {
  readonly state: ReaderState;
  /**
   * By head, then by completion, in the order of the groups. With `states`, blocks below the adapter are not computed.
   */
  headScores(groups: readonly CompletionGroup[], states?: EnteringStates): Float32Array[];
  tensors(): NamedTensors;
  /** Its part of an artifact that the engine side scores with. */
  parts(): Pick<RewardArtifact, 'adapter' | 'blocks' | 'heads'>;
  dispose(): void;
}

/** The place of each group's first completion among all completions, and their number. */
export function completionStarts(groups: readonly CompletionGroup[]): { starts: number[]; count: number } {
  const starts: number[] = [];
  let count = 0;
  for (const { completions } of groups) {
    starts.push(count);
    count += completions.length;
  }
  return { starts, count };
}
