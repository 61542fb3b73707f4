// Simulates the growth of a reward model on real votes: the next items are chosen by what they teach, or at random.
import { hash32, Rng } from '@/core/rng';
import { chooseTasks } from '@/core/tasks/choose';
import { dot, type Posterior } from '@/core/tasks/posterior';
import { TASK_WEIGHTS } from '@/core/tasks/question';
import { likeliestPosterior } from '@/trainer/reward/tasks/ranking';

export type Way = 'random' | 'chosen';

export interface Growth {
  /** Better minus worse, by place of the item. Nothing that chooses depends on their sign, which is the label. */
  differences: readonly Float64Array[];
  /** Places of the items that can be asked, and of those that judge. */
  pool: readonly number[];
  test: readonly number[];
  /** Numbers of votes after which the model is fitted anew and judged; the first is the random start of both ways. */
  budgets: readonly number[];
  precisions: readonly number[];
  seed: number;
}

/** Held-out accuracy at each budget. */
export function growModel(growth: Growth, way: Way): number[] {
  const { differences, pool, test, budgets, seed } = growth;
  const waiting = new Rng(hash32(seed, 1)).shuffle(pool);
  const asked: number[] = [];
  let posterior: Posterior | null = null;
  return budgets.map((budget) => {
    const count = budget - asked.length;
    if (posterior && way === 'chosen') asked.push(...takeChosen(waiting, { differences, posterior, count }));
    else asked.push(...waiting.splice(0, count));
    posterior = fit(growth, asked);
    const { mean } = posterior;
    const right = test.reduce((sum, at) => sum + (Math.sign(dot(mean, differences[at]!)) + 1) / 2, 0);
    return right / test.length;
  });
}

/** The prior is the one with the largest evidence, for both ways alike. */
function fit({ differences, precisions }: Growth, asked: readonly number[]): Posterior {
  const votes = asked.map((at) => ({ features: differences[at]!, weight: 1 }));
  return likeliestPosterior(votes, differences[0]!.length, precisions);
}

interface Choice {
  differences: readonly Float64Array[];
  posterior: Posterior;
  count: number;
}

/** Removes the next batch from those that wait. */
function takeChosen(waiting: number[], { differences, posterior, count }: Choice): number[] {
  const chosen = chooseTasks({
    candidates: waiting.map((at) => ({ features: differences[at]!, groups: [], votes: [0, 0] })),
    posterior,
    targetShares: new Map(),
    groupVotes: new Map(),
    totalVotes: 0,
    weights: TASK_WEIGHTS,
    count,
  });
  const places = new Set(chosen.map(({ at }) => at));
  const taken = chosen.map(({ at }) => waiting[at]!);
  waiting.splice(0, waiting.length, ...waiting.filter((_, place) => !places.has(place)));
  return taken;
}
