// Minimises a smooth function of many numbers without step sizes to choose: L-BFGS (Nocedal and Wright 2006, algorithm 7.5).

export interface Evaluated {
  value: number;
  gradient: Float64Array;
}

export interface LbfgsOptions {
  maxSteps?: number;
  /** Stops when the largest slope is at most this. */
  tolerance?: number;
  /** Number of pairs of step and change of slope that represent the curvature. */
  memory?: number;
}

export interface Minimum {
  x: Float64Array;
  value: number;
  steps: number;
}

/** Share of the decrease promised by the slope that a step must achieve (Armijo). */
const SUFFICIENT_DECREASE = 1e-4;
const MOST_HALVINGS = 30;

interface Pair {
  step: Float64Array;
  change: Float64Array;
  /** 1 / (step . change) */
  rho: number;
}

export function minimise(
  evaluate: (x: Float64Array) => Evaluated,
  start: Float64Array,
  { maxSteps = 200, tolerance = 1e-5, memory = 10 }: LbfgsOptions = {},
): Minimum {
  const pairs: Pair[] = [];
  let x = start;
  let { value, gradient } = evaluate(x);
  let steps = 0;
  while (steps < maxSteps && largest(gradient) > tolerance) {
    const direction = towardsMinimum(gradient, pairs);
    const slope = dot(direction, gradient);
    // The first step has no curvature to go by: its length is at most 1.
    let length = pairs.length ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
    let next = moved(x, direction, length);
    let found = evaluate(next);
    let halvings = 0;
    while (!(found.value <= value + SUFFICIENT_DECREASE * length * slope) && halvings < MOST_HALVINGS) {
      length /= 2;
      halvings++;
      next = moved(x, direction, length);
      found = evaluate(next);
    }
    if (halvings === MOST_HALVINGS) break; // the remaining gain is below rounding
    const step = difference(next, x);
    const change = difference(found.gradient, gradient);
    const curvature = dot(step, change);
    // Without positive curvature a pair would turn the next direction uphill.
    if (curvature > 1e-10 * dot(change, change)) {
      pairs.push({ step, change, rho: 1 / curvature });
      if (pairs.length > memory) pairs.shift();
    }
    x = next;
    ({ value, gradient } = found);
    steps++;
  }
  return { x, value, steps };
}

/** Minus the gradient times the inverse of the curvature in the pairs (the two-loop recursion, algorithm 7.4). */
function towardsMinimum(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const alphas: number[] = [];
  for (const { step, change, rho } of pairs.toReversed()) {
    const alpha = rho * dot(step, direction);
    alphas.push(alpha);
    add(direction, change, -alpha);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.change, last.change));
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  for (const { step, change, rho } of pairs) {
    const beta = rho * dot(change, direction);
    add(direction, step, alphas.pop()! - beta);
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += times * what[i]!;
}

const moved = (x: Float64Array, direction: Float64Array, length: number) =>
  x.map((value, i) => value + length * direction[i]!);
const difference = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]!);
const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
