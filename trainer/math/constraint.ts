// Prices of named costs in the reward: fixed, or Lagrangian multipliers that grow while a cost is above its threshold.
//
// PPO-Lagrangian (Safe-RLHF, Dai et al. 2023): A = (A_r - sum lambda A_c) / (1 + sum lambda), where a cost also carries
// beta * kl. Advantages are linear in rewards, so with one value function of the mixture that is the same as the mixed
// score (score - sum lambda cost) / (1 + sum lambda) less beta * kl, which is computed here. Left out: a value function
// for each cost, which would only follow a quickly moving multiplier sooner; each would cost a head and a pass.
import type { ConstraintConfig } from '@/core/config/constraints';
import { AttuneError } from '@/core/errors';

export interface Multiplier extends Omit<ConstraintConfig, 'price' | 'target'> {
  /** Mean cost per completion that is allowed. */
  target: number;
}

/** A completion with its text, without the end token. */
export interface CompletedText {
  promptIds: Int32Array;
  completionIds: Int32Array;
  text: string;
}

export interface Constraint {
  name: string;
  /** Of each completion, in order; the same completion always costs the same. At most 0 keeps the constraint. */
  costs(completions: readonly CompletedText[]): Promise<ArrayLike<number>>;
  /** Points of score for one unit of cost; the start value if it adapts. */
  price: number;
  /** Null keeps the price fixed. */
  adaptive: Multiplier | null;
}

/** What a run remembers of a constraint; part of a checkpoint. */
export interface ConstraintState {
  price: number;
  /** Costs of the last completions, the newest last, at most a window of them. */
  recent: number[];
}
export type ConstraintStates = Record<string, ConstraintState>;

export function startConstraints(constraints: readonly Constraint[]): ConstraintStates {
  const names = constraints.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new AttuneError('BAD_INPUT', `Two constraints have the name "${repeated}".`);
  for (const { name, price, adaptive } of constraints) {
    if (price < 0 || (adaptive && (price === 0 || price > adaptive.max))) {
      const range = adaptive ? `above 0 and at most ${adaptive.max}, because it grows by factors` : '0 or more';
      throw new AttuneError('BAD_INPUT', `The price of the constraint "${name}" is ${price}; it must be ${range}.`);
    }
  }
  return Object.fromEntries(constraints.map(({ name, price }) => [name, { price, recent: [] }]));
}

/** The costs of some completions by constraint. */
export async function costsOf(
  constraints: readonly Constraint[],
  completions: readonly CompletedText[],
): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  // One after the other, because they may share the processor's threads.
  for (const { name, costs } of constraints) {
    const own = Float32Array.from(await costs(completions));
    if (own.length !== completions.length || !own.every(Number.isFinite)) {
      throw new AttuneError(
        'INTERNAL',
        `The constraint "${name}" gave ${own.length} costs for ${completions.length} answers, or one that is no number.`,
      );
    }
    found.set(name, own);
  }
  return found;
}

/** Score less fixed penalties, then mixed with the adaptive costs by their multipliers. */
export function constrainScore(
  score: number,
  costs: ReadonlyMap<string, number>,
  constraints: readonly Constraint[],
  states: ConstraintStates,
): number {
  let mixed = score;
  let multipliers = 0;
  for (const { name, adaptive } of constraints) {
    const { price } = states[name]!;
    mixed -= price * costs.get(name)!;
    if (adaptive) multipliers += price;
  }
  return mixed / (1 + multipliers);
}

/** The inverse for the adaptive part: the score before any multiplier, so that iterations with other prices compare. */
export function unconstrainedScore(
  score: number,
  costs: ReadonlyMap<string, number>,
  constraints: readonly Constraint[],
  states: ConstraintStates,
): number {
  const adaptive = constraints.filter((constraint) => constraint.adaptive);
  const multipliers = adaptive.reduce((sum, { name }) => sum + states[name]!.price, 0);
  return adaptive.reduce((sum, { name }) => sum + states[name]!.price * costs.get(name)!, score * (1 + multipliers));
}

/** By how much the mean costs are over their targets, summed; 0 keeps all of them. */
export const excessOf = (constraints: readonly Constraint[], costs: ReadonlyMap<string, ArrayLike<number>>): number =>
  constraints.reduce(
    (sum, { name, adaptive }) =>
      adaptive ? sum + Math.max(0, mean(Array.from(costs.get(name)!)) - adaptive.target) : sum,
    0,
  );

/** log lambda += eta * lambda * (J - d), lambda at most max. */
export function nextPrice(
  price: number,
  meanCost: number,
  { target, learningRate, max }: Pick<Multiplier, 'target' | 'learningRate' | 'max'>,
): number {
  const log = Math.log(price) + learningRate * price * (meanCost - target);
  return Math.exp(Math.min(log, Math.log(max)));
}

/** After an iteration: remembers its costs, and moves each multiplier by the mean cost of its window. */
export function updateConstraints(
  constraints: readonly Constraint[],
  states: ConstraintStates,
  costs: ReadonlyMap<string, ArrayLike<number>>,
  iteration: number,
): ConstraintStates {
  return Object.fromEntries(
    constraints.map(({ name, adaptive }) => {
      const { price, recent: before } = states[name]!;
      if (!adaptive) return [name, { price, recent: [] }];
      const recent = [...before, ...Array.from(costs.get(name)!)].slice(-adaptive.window);
      const isMoved = iteration >= adaptive.delayIterations && recent.length > 0;
      return [name, { price: isMoved ? nextPrice(price, mean(recent), adaptive) : price, recent }];
    }),
  );
}

/** The costs of one iteration, and the prices charged for them. */
export function constraintMetrics(
  constraints: readonly Constraint[],
  states: ConstraintStates,
  costs: ReadonlyMap<string, ArrayLike<number>>,
): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const { name, adaptive } of constraints) {
    const own = Array.from(costs.get(name)!);
    const key = `constraint/${name}`;
    metrics[`${key}/cost`] = mean(own);
    metrics[`${key}/lambda`] = states[name]!.price;
    metrics[`${key}/violation_rate`] = mean(own.map((cost) => (cost > 0 ? 1 : 0)));
    if (!adaptive) continue;
    metrics[`${key}/target`] = adaptive.target;
    metrics[`${key}/window_cost`] = mean([...states[name]!.recent, ...own].slice(-adaptive.window));
  }
  return metrics;
}

const mean = (values: readonly number[]) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : 0);
