// Arranges a run's reward against each of its costs, one point a step.
import type { Point } from './curves';

export interface RewardCost {
  /** A rule's id, or `harm`. */
  constraint: string;
  /** Mean cost of an answer that the run allows; null where the price is fixed. */
  target: number | null;
  points: { step: number; cost: number; reward: number }[];
}

/** Constraints that the run never met have no curve. */
export function rewardAgainstCosts(points: readonly Point[]): RewardCost[] {
  const found = new Map<string, RewardCost>();
  for (const { step, metrics } of [...points].sort((a, b) => a.step - b.step)) {
    const reward = metrics['objective/reward_model'];
    if (reward === undefined) continue;
    for (const [name, cost] of Object.entries(metrics)) {
      const constraint = /^costs\/(.+)$/u.exec(name)?.[1];
      if (constraint === undefined) continue;
      const own = found.get(constraint) ?? { constraint, target: null, points: [] };
      found.set(constraint, own);
      own.target = metrics[`constraint/${constraint}/target`] ?? own.target;
      own.points.push({ step, cost, reward });
    }
  }
  return [...found.values()].filter((own) => own.points.some(({ cost }) => cost !== 0));
}
