// Decides which feedback trains a reward model and which feedback judges it.

import type { RewardModelConfig } from '@/core/config/reward';
import { hash32, Rng } from '@/core/rng';
import type { RewardExample } from '@/trainer/math/reward-examples';

export const promptKey = ({ promptIds }: Pick<RewardExample, 'promptIds'>) => promptIds.join(',');

/** All examples of a prompt are on one side: a completion must not be judged by its own siblings. */
export function splitByPrompt(
  examples: readonly RewardExample[],
  { evalShare, seed }: Pick<RewardModelConfig, 'evalShare' | 'seed'>,
): { train: RewardExample[]; heldOut: RewardExample[] } {
  const prompts = new Rng(hash32(seed, -1)).shuffle([...new Set(examples.map(promptKey))]);
  const held = new Set(prompts.slice(0, Math.floor(prompts.length * evalShare)));
  return {
    train: examples.filter((example) => !held.has(promptKey(example))),
    heldOut: examples.filter((example) => held.has(promptKey(example))),
  };
}

/** Drops undecided comparisons beyond their share, chosen by the seed; if none is decided, all of them stay. */
export function limitUndecided(
  train: RewardExample[],
  { undecidedPerDecided, seed }: Pick<RewardModelConfig, 'undecidedPerDecided' | 'seed'>,
): RewardExample[] {
  const isUndecided = (example: RewardExample) => example.kind === 'comparison' && example.outcome !== 'chosen';
  const undecided = train.filter(isUndecided);
  const decided = train.length - undecided.length;
  if (undecidedPerDecided === null || decided === 0) return train;
  const most = Math.ceil(undecidedPerDecided * decided);
  const kept = new Set(new Rng(hash32(seed, -2)).shuffle(undecided).slice(0, most));
  return train.filter((example) => !isUndecided(example) || kept.has(example));
}
