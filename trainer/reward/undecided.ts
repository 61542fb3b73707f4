// Keeps undecided comparisons from outnumbering the decided ones.
import type { RewardModelConfig } from '@/core/config/reward';
import { hash32, Rng } from '@/core/rng';
import type { RewardExample } from '@/trainer/math/reward-examples';

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
