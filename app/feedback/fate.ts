// What became of a version that learned from feedback, as the key of a sentence.
import type { Learner } from './types';

type Fate = 'wonNow' | 'won' | 'lost' | 'waits';

export function fateOf({ status, championSince, isChampion }: Omit<Learner, 'createdAt'>): Fate {
  if (isChampion) return 'wonNow';
  if (championSince) return 'won';
  return status === 'rejected' ? 'lost' : 'waits';
}
