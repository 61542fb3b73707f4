// Finds a step along a line that satisfies the strong Wolfe conditions: Moré and Thuente (1994), with MINPACK-2's safeguards.

export interface PointOnLine {
  step: number;
  value: number;
  slope: number;
}

interface WolfeConditions {
  /** Share of the promised decrease that a step must achieve (c1). */
  decrease: number;
  /** Share of the first slope that may remain (c2). */
  curvature: number;
}

const MOST_TRIALS = 100;
/** Relative width of a bracket that cannot be divided further. */
const NARROWEST = 1e-14;
/** The next trial lies this many last steps beyond the best point while no minimum is bracketed. */
const LEAST_GROWTH = 1.1;
const MOST_GROWTH = 4;
/** A bracket that does not shrink to this share in two trials is halved. */
const REQUIRED_SHRINKAGE = 0.66;

/** Null when rounding or a function without a minimum on the line prevents such a step. `origin.slope` is below 0. */
export function searchLine<Point extends PointOnLine>(
  at: (step: number) => Point,
  origin: PointOnLine,
  firstStep: number,
  { decrease, curvature }: WolfeConditions,
): Point | null {
  const leastDecrease = decrease * origin.slope;
  let best: PointOnLine = { ...origin, step: 0 };
  let other = best;
  let bracketed = false;
  let isFirstStage = true;
  let low = 0;
  let high = firstStep + MOST_GROWTH * firstStep;
  let width = Number.POSITIVE_INFINITY;
  let widthBefore = Number.POSITIVE_INFINITY;
  let step = firstStep;
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    const found = at(step);
    const enough = origin.value + step * leastDecrease;
    if (found.value <= enough && Math.abs(found.slope) <= -curvature * origin.slope) return found;
    if (bracketed && (step <= low || step >= high || high - low <= NARROWEST * high)) return null;
    if (found.value <= enough && found.slope >= 0) isFirstStage = false;

    // In the first stage psi(step) = f(step) - step * leastDecrease stands in for f, until it has been below 0.
    const tilt = isFirstStage && found.value <= best.value && found.value > enough ? leastDecrease : 0;
    const next = chooseStep(tilted(best, tilt), tilted(other, tilt), tilted(found, tilt), bracketed, low, high);
    bracketed = next.bracketed;
    best = tilted(next.best, -tilt);
    other = tilted(next.other, -tilt);
    step = next.step;

    if (bracketed) {
      const span = Math.abs(other.step - best.step);
      if (span >= REQUIRED_SHRINKAGE * widthBefore) step = best.step + 0.5 * (other.step - best.step);
      widthBefore = width;
      width = span;
      low = Math.min(best.step, other.step);
      high = Math.max(best.step, other.step);
      if (step <= low || step >= high || high - low <= NARROWEST * high) step = best.step;
    } else {
      low = step + LEAST_GROWTH * (step - best.step);
      high = step + MOST_GROWTH * (step - best.step);
    }
    if (!Number.isFinite(step)) return null;
  }
  return null;
}

const tilted = ({ step, value, slope }: PointOnLine, tilt: number): PointOnLine => ({
  step,
  value: value - step * tilt,
  slope: slope - tilt,
});

interface NextStep {
  best: PointOnLine;
  other: PointOnLine;
  step: number;
  bracketed: boolean;
}

/** Moré and Thuente's four cases: where to try next, and which two points to keep. */
function chooseStep(
  best: PointOnLine,
  other: PointOnLine,
  found: PointOnLine,
  bracketed: boolean,
  low: number,
  high: number,
): NextStep {
  const away = found.step - best.step;
  const turns = found.slope * best.slope < 0;
  const cubic = cubicStep(best, found);
  const secant = found.step + (found.slope / (found.slope - best.slope)) * (best.step - found.step);
  if (found.value > best.value) {
    // 1. Higher: a minimum lies between.
    const quadratic =
      best.step + (best.slope / ((best.value - found.value) / away + best.slope) / 2) * (found.step - best.step);
    const isCubicNearer = Math.abs(cubic - best.step) <= Math.abs(quadratic - best.step);
    const step = isCubicNearer ? cubic : cubic + (quadratic - cubic) / 2;
    return { best, other: found, step, bracketed: true };
  }
  if (turns) {
    // 2. Lower, and the slope turns: a minimum lies between.
    const step = Math.abs(cubic - found.step) > Math.abs(secant - found.step) ? cubic : secant;
    return { best: found, other: best, step, bracketed: true };
  }
  if (Math.abs(found.slope) < Math.abs(best.slope)) {
    // 3. Lower and flatter: the minimum lies beyond, if the cubic has one there.
    const beyond = cubicStepBeyond(best, found) ?? (away > 0 ? high : low);
    const isCubicNearer = Math.abs(beyond - found.step) < Math.abs(secant - found.step);
    if (bracketed) {
      const step = isCubicNearer ? beyond : secant;
      const limit = found.step + REQUIRED_SHRINKAGE * (other.step - found.step);
      return { best: found, other, step: away > 0 ? Math.min(limit, step) : Math.max(limit, step), bracketed };
    }
    const isCubicFarther = Math.abs(beyond - found.step) > Math.abs(secant - found.step);
    const step = isCubicFarther ? beyond : secant;
    return { best: found, other, step: Math.min(high, Math.max(low, step)), bracketed };
  }
  // 4. Lower and not flatter: as far as allowed, or into the bracket.
  const step = bracketed ? cubicStep(other, found) : away > 0 ? high : low;
  return { best: found, other, step, bracketed };
}

/** Minimum of the cubic through two points and their slopes. */
function cubicStep(from: PointOnLine, to: PointOnLine): number {
  const { theta, gamma } = cubicTerms(from, to);
  const signed = to.step < from.step ? -gamma : gamma;
  // Computed from the end whose slope is kept, so that rounding does not cancel.
  const ratio = (signed - from.slope + theta) / (signed - from.slope + signed + to.slope);
  return from.step + ratio * (to.step - from.step);
}

/** The same for a minimum beyond `to`; null if the cubic falls for ever or its minimum is not beyond. */
function cubicStepBeyond(from: PointOnLine, to: PointOnLine): number | null {
  const { theta, gamma } = cubicTerms(from, to);
  const signed = to.step > from.step ? -gamma : gamma;
  const ratio = (signed - to.slope + theta) / (signed + (from.slope - to.slope) + signed);
  return ratio < 0 && gamma !== 0 ? to.step + ratio * (from.step - to.step) : null;
}

function cubicTerms(from: PointOnLine, to: PointOnLine): { theta: number; gamma: number } {
  const theta = (3 * (from.value - to.value)) / (to.step - from.step) + from.slope + to.slope;
  const scale = Math.max(Math.abs(theta), Math.abs(from.slope), Math.abs(to.slope));
  const root = (theta / scale) ** 2 - (from.slope / scale) * (to.slope / scale);
  return { theta, gamma: scale * Math.sqrt(Math.max(0, root)) };
}
