// Answer states that are computed once for several trainings on the same feedback.
import { type AnswerStates, computeAnswerStates } from '@/trainer/model/answer-states';
import type { AnswerGroup } from '@/trainer/model/packing';
import type { Trunk } from '@/trainer/model/types';

/** Keeps what it has computed, each group alone, for several trainings on the same feedback. */
export function keepAnswerStates(trunk: Trunk, blocks: readonly number[]): AnswerStates {
  const computed = computeAnswerStates(trunk, blocks);
  const kept = new Map<string, Float32Array>();
  const ofGroup = (group: AnswerGroup): Float32Array => {
    const key = [group.promptIds, ...group.answers].join('|');
    const known = kept.get(key);
    if (known) return known;
    const states = computed.of([group]);
    kept.set(key, states);
    return states;
  };
  const { hiddenSize } = trunk.config;
  return {
    blocks,
    hiddenSize,
    of(groups) {
      const perAnswer = blocks.length * hiddenSize;
      const all = new Float32Array(groups.reduce((sum, { answers }) => sum + answers.length, 0) * perAnswer);
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
