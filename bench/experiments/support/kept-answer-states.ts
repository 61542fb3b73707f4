// Computes answer states once for several trainings on the same feedback.
import { type CompletionStates, computeCompletionStates } from '@/trainer/model/answer-states';
import type { CompletionGroup } from '@/trainer/model/packing';
import type { Backbone } from '@/trainer/model/types';

/** Computes each group's states on first use and keeps them for later trainings. */
export function keepCompletionStates(backbone: Backbone, blocks: readonly number[]): CompletionStates {
  const computed = computeCompletionStates(backbone, blocks);
  const kept = new Map<string, Float32Array>();
  const ofGroup = (group: CompletionGroup): Float32Array => {
    const key = [group.promptIds, ...group.completions].join('|');
    const known = kept.get(key);
    if (known) return known;
    const states = computed.of([group]);
    kept.set(key, states);
    return states;
  };
  const { hiddenSize } = backbone.config;
  return {
    blocks,
    hiddenSize,
    of(groups) {
      const perCompletion = blocks.length * hiddenSize;
      const all = new Float32Array(
        groups.reduce((sum, { completions }) => sum + completions.length, 0) * perCompletion,
      );
      let next = 0;
      for (const group of groups) {
        const states = ofGroup(group);
        all.set(states, next);
        next += states.length;
      }
      return all;
    },
  };
}
