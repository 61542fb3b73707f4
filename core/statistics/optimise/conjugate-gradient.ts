// Minimises a smooth function by conjugate gradients: Polak-Ribière+ with strong Wolfe steps, stopping early as told.
import { searchLine } from './line-search';

export interface Evaluated {
  value: number;
  gradient: Float64Array;
}

interface Limits {
  maxSteps: number;
  /** Stops when the largest slope is at most this. */
  tolerance: number;
}

/** SciPy's constants of `minimize(method="CG")`, whose path crowd-kit's results depend on. */
const WOLFE = { decrease: 1e-4, curvature: 0.4 };
const SUFFICIENT_DESCENT = 0.01;

export function minimiseByConjugateGradient(
  evaluate: (x: Float64Array) => Evaluated,
  start: Float64Array,
  { maxSteps, tolerance }: Limits,
): Float64Array {
  let x = start;
  let { value, gradient } = evaluate(x);
  let direction = gradient.map((slope) => -slope);
  // As if the step before had lowered the value so much that the first step has length 1.
  let valueBefore = value + Math.sqrt(dot(gradient, gradient)) / 2;
  for (let step = 0; step < maxSteps && largest(gradient) > tolerance; step++) {
    const from = { x, direction };
    const at = (length: number) => {
      const point = from.x.map((value, i) => value + length * from.direction[i]!);
      const found = evaluate(point);
      return { ...found, step: length, x: point, slope: dot(found.gradient, from.direction) };
    };
    const slope = dot(gradient, direction);
    const promised = (1.01 * 2 * (value - valueBefore)) / slope;
    const next = searchLine(at, { step: 0, value, slope }, promised >= 0 ? Math.min(1, promised) : 1, WOLFE);
    if (!next) break;
    const change = dot(next.gradient, next.gradient) - dot(gradient, next.gradient);
    const beta = Math.max(0, change / dot(gradient, gradient));
    const turned = next.gradient.map((slope, i) => -slope + beta * direction[i]!);
    const descends = dot(turned, next.gradient) <= -SUFFICIENT_DESCENT * dot(next.gradient, next.gradient);
    direction = descends ? turned : next.gradient.map((slope) => -slope);
    valueBefore = value;
    ({ x, value, gradient } = next);
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
