// Bradley-Terry ratings by maximum likelihood with ties as half wins, control variables, and sandwich intervals.
import { AttuneError } from '@/core/errors';
import { invertPositiveDefinite, multiply } from '@/core/statistics/linear-system';
import { BASE, type Comparison, checkComparisons, competitorsOf, INITIAL_RATING, SCALE } from './comparison';

/** A comparison with the values of the control variables, each positive where a has more of it. */
export interface ControlledComparison extends Comparison {
  controls?: readonly number[];
}

export interface BradleyTerryOptions {
  /**
   * Half of this, times the sum of squared parameters, is added to the negative log-likelihood; ratings count in units
   * of 400 points. FastChat's style control uses 0.5. With 0, whoever always wins has no finite rating.
   */
  ridge?: number;
  /** Has this rating; ratings and intervals of the others are relative to it. Without an anchor the mean is 1000. */
  anchor?: { name: string; rating: number };
}

export interface RatingEstimate {
  name: string;
  rating: number;
  /**
   * 95 % by the sandwich, which stays right when votes do not follow the model, as arena-rank computes it; with a ridge
   * at least the posterior's.
   */
  low: number;
  high: number;
}

export interface BradleyTerryFit {
  /** Best first. */
  ratings: RatingEstimate[];
  /** One for each control variable, in logits. */
  controls: { effect: number; low: number; high: number }[];
}

const MOST_STEPS = 100;
const TOLERANCE = 1e-9;
const Z_95 = 1.959963984540054;

interface Problem {
  rows: { a: number; b: number; controls: readonly number[]; score: number; weight: number }[];
  competitors: number;
  parameters: number;
  ridge: number;
}

export function fitBradleyTerry(
  comparisons: readonly ControlledComparison[],
  { ridge = 0, anchor }: BradleyTerryOptions = {},
): BradleyTerryFit {
  checkComparisons(comparisons);
  const names = competitorsOf(comparisons);
  const index = new Map(names.map((name, i) => [name, i]));
  const controls = comparisons[0]?.controls?.length ?? 0;
  const rows = comparisons.map(({ a, b, score, weight = 1, controls: values = [] }) => {
    if (values.length !== controls) {
      throw new AttuneError('BAD_INPUT', `One comparison has ${values.length} control variables, another ${controls}.`);
    }
    return { a: index.get(a)!, b: index.get(b)!, controls: values, score, weight };
  });
  const problem = { rows, competitors: names.length, parameters: names.length + controls, ridge };
  if (ridge === 0 && !determinesRatings(problem)) throw undetermined();
  const found = maximise(problem);
  const varianceOf = varianceReader(problem, found);
  const anchored = anchor && index.get(anchor.name);
  if (anchor && anchored === undefined) {
    throw new AttuneError('BAD_INPUT', `The anchor ${JSON.stringify(anchor.name)} is not among ${names.join(', ')}.`);
  }
  const ratings = names.map((name, i) => {
    const value = found[i]! - (anchored === undefined ? 0 : found[anchored]!);
    const variance = varianceOf(i, anchored);
    const rating = (anchor?.rating ?? INITIAL_RATING) + SCALE * value;
    const half = Z_95 * SCALE * Math.sqrt(Math.max(0, variance));
    return { name, rating, low: rating - half, high: rating + half };
  });
  return {
    ratings: ratings.sort((x, y) => y.rating - x.rating),
    controls: Array.from({ length: controls }, (_, k) => {
      const place = names.length + k;
      const half = Z_95 * Math.sqrt(varianceOf(place));
      return { effect: found[place]!, low: found[place]! - half, high: found[place]! + half };
    }),
  };
}

/** Newton's method; a step is halved until it raises the likelihood. */
function maximise(problem: Problem): Float64Array {
  let x = new Float64Array(problem.parameters);
  for (let step = 0; step < MOST_STEPS; step++) {
    const { loss, gradient, curvature } = evaluate(problem, x);
    if (gradient.every((slope) => Math.abs(slope) <= TOLERANCE * (1 + problem.rows.length))) return x;
    const inverse = invertPositiveDefinite(curvature, problem.parameters);
    if (!inverse) break;
    const direction = x.map((_, i) => gradient.reduce((sum, slope, j) => sum - inverse[i * x.length + j]! * slope, 0));
    let length = 1;
    const moved = () => x.map((value, i) => value + length * direction[i]!);
    // Near the maximum a gain is below rounding, and the whole step is right.
    while (length > 1e-10 && !(evaluate(problem, moved()).loss <= loss * (1 + 1e-12))) length /= 2;
    x = moved();
  }
  throw undetermined();
}

const undetermined = () =>
  new AttuneError(
    'BAD_INPUT',
    'These comparisons do not determine finite ratings: some were never compared, or always won. Add a ridge.',
  );

/** Ford's condition (1957): from each competitor a chain of wins or ties leads to each other one. */
function determinesRatings({ rows, competitors }: Problem): boolean {
  const reach = (hasBeaten: (row: Problem['rows'][number]) => [number, number][]) => {
    const reached = new Set([0]);
    for (let before = 0; before < reached.size; ) {
      before = reached.size;
      for (const row of rows) for (const [from, to] of hasBeaten(row)) if (reached.has(from)) reached.add(to);
    }
    return reached.size === competitors;
  };
  const wins = ({ a, b, score, weight }: Problem['rows'][number]): [number, number][] => [
    ...(weight > 0 && score > 0 ? [[a, b] as [number, number]] : []),
    ...(weight > 0 && score < 1 ? [[b, a] as [number, number]] : []),
  ];
  return reach(wins) && reach((row) => wins(row).map(([from, to]) => [to, from]));
}

/** [competitors, then controls]: a vote's derivative of its logit. */
const derivative = ({ a, b, controls }: Problem['rows'][number], competitors: number): [number, number][] => [
  [a, Math.log(BASE)],
  [b, -Math.log(BASE)],
  ...controls.map((value, k): [number, number] => [competitors + k, value]),
];

function evaluate({ rows, competitors, parameters, ridge }: Problem, x: Float64Array) {
  const gradient = x.map((value) => ridge * value);
  const curvature = new Float64Array(parameters * parameters);
  // Ratings have no origin: a penalty on the square of their sum sets the mean to 0 and changes nothing else.
  const sum = x.subarray(0, competitors).reduce((total, value) => total + value, 0);
  let loss = 0.5 * sum * sum + 0.5 * ridge * x.reduce((total, value) => total + value * value, 0);
  for (let i = 0; i < competitors; i++) {
    gradient[i]! += sum;
    for (let j = 0; j < competitors; j++) curvature[i * parameters + j] = 1;
  }
  for (let i = 0; i < parameters; i++) curvature[i * parameters + i]! += ridge;
  for (const row of rows) {
    const terms = derivative(row, competitors);
    const logit = terms.reduce((total, [i, value]) => total + value * x[i]!, 0);
    const probability = 1 / (1 + Math.exp(-logit));
    loss += row.weight * (softplus(logit) - row.score * logit);
    for (const [i, value] of terms) {
      gradient[i]! += row.weight * (probability - row.score) * value;
      for (const [j, other] of terms) {
        curvature[i * parameters + j]! += row.weight * probability * (1 - probability) * value * other;
      }
    }
  }
  return { loss, gradient, curvature };
}

/**
 * Gives the variance of a parameter, or of the difference between two. A ridge is a prior, so the variance is at least
 * the posterior's: if a few votes are explained perfectly, the sandwich estimate alone is far too narrow.
 */
function varianceReader(problem: Problem, x: Float64Array): (place: number, other?: number) => number {
  const { competitors, parameters, ridge } = problem;
  const inverse = invertPositiveDefinite(evaluate(problem, x).curvature, parameters)!;
  const robust = sandwich(problem, x, inverse);
  const read = (matrix: Float64Array, i: number, j: number | undefined) => {
    const at = (row: number, column: number) => matrix[row * parameters + column]!;
    return j === undefined ? at(i, i) : at(i, i) + at(j, j) - 2 * at(i, j);
  };
  // The mean of the ratings is a convention, so its part in the inverse curvature is no uncertainty.
  const partOfMean = 1 / (competitors * (competitors + ridge));
  return (place, other) => {
    if (ridge === 0) return read(robust, place, other);
    const isRating = other === undefined && place < competitors;
    return Math.max(read(robust, place, other), read(inverse, place, other) - (isRating ? partOfMean : 0));
  };
}

/** Inverse curvature, times the sum of squared gradients of the votes, times inverse curvature (Huber 1967). */
function sandwich({ rows, competitors, parameters }: Problem, x: Float64Array, bread: Float64Array): Float64Array {
  const filling = new Float64Array(parameters * parameters);
  for (const row of rows) {
    const terms = derivative(row, competitors);
    const logit = terms.reduce((total, [i, value]) => total + value * x[i]!, 0);
    const slope = row.weight * (row.score - 1 / (1 + Math.exp(-logit)));
    for (const [i, value] of terms) {
      for (const [j, other] of terms) filling[i * parameters + j]! += slope * slope * value * other;
    }
  }
  return multiply(multiply(bread, filling, parameters), bread, parameters);
}

/** log(1 + exp(x)) */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
