// The price of breaking a constraint: fixed, or a Lagrangian multiplier that grows while the cost is above its threshold.

export interface Constraint {
  name: string;
  /** Cost of an answer's text, 0 where it keeps the constraint. */
  cost(text: string): number;
  /** Points of score for one unit of cost; the start value where it adapts. */
  price: number;
  /** Null keeps the price fixed. */
  adaptive: { threshold: number; learningRate: number; max: number } | null;
}

/** Safe-RLHF (Dai et al. 2023): log lambda += eta * lambda * (J - d), lambda at most max. */
export function nextPrice(price: number, meanCost: number, adaptive: NonNullable<Constraint['adaptive']>): number {
  const log = Math.log(price) + adaptive.learningRate * price * (meanCost - adaptive.threshold);
  return Math.exp(Math.min(log, Math.log(adaptive.max)));
}
