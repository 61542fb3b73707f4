// Estimates each item's true label, its difficulty and each rater's ability: GLAD (Whitehill et al. 2009), as in crowd-kit.
import { minimiseByConjugateGradient } from '@/core/statistics/optimise/conjugate-gradient';
import { type Crowd, softmax } from './labels';

/** Known values by name; all others are 1. */
export interface GladParameters {
  /** By rater. 0 guesses, below 0 inverts. */
  abilities?: ReadonlyMap<string, number>;
  /** By item: the logarithm of the inverse difficulty. */
  ease?: ReadonlyMap<string, number>;
}

export interface GladOptions {
  /** Means of the normal priors, whose deviation is 1. */
  priorMeans?: GladParameters;
  /** Where EM starts, such as at the fit of a former batch. */
  start?: GladParameters;
  /** The M step's optimiser stops after this many steps, or when no slope is above the tolerance. */
  mStep?: { maxSteps: number; tolerance: number };
}

export interface GladFit {
  /** [items][labels] */
  probabilities: Float64Array[];
  /** [raters] */
  abilities: Float64Array;
  /** [items]: log of the inverse difficulty; a rater is right with probability sigmoid(ability * exp(ease)). */
  ease: Float64Array;
  /** Expected log-likelihood per label given and label value, after each step of EM. */
  values: number[];
}

const MOST_STEPS = 100;
const LEAST_GAIN = 1e-5;
/**
 * Crowd-kit's limits. They stop well before the optimum, where conjugate gradients still magnify rounding: on many labels
 * their result depends on the order of the rows in the second digit (docs/numerics.md).
 */
const M_STEP = { maxSteps: 25, tolerance: 1e-2 };
const LOG_SQRT_2_PI = 0.5 * Math.log(2 * Math.PI);

export function fitGlad(crowd: Crowd, { priorMeans = {}, start = {}, mStep = M_STEP }: GladOptions = {}): GladFit {
  const means = parametersOf(crowd, priorMeans);
  let parameters = parametersOf(crowd, start);
  let probabilities = estimateTruth(crowd, parameters);
  // Crowd-kit compares the first value per row with this total; its first stop test therefore never stops.
  let valueBefore = expectedLogLikelihood(crowd, probabilities, parameters, means).value;
  const values: number[] = [];
  for (let step = 0; step < MOST_STEPS && crowd.given.length > 0; step++) {
    probabilities = estimateTruth(crowd, parameters);
    parameters = minimiseByConjugateGradient(
      (x) => {
        const { value, gradient } = expectedLogLikelihood(crowd, probabilities, x, means);
        return { value: -value, gradient: gradient.map((slope) => -slope) };
      },
      parameters,
      mStep,
    );
    const { value } = expectedLogLikelihood(crowd, probabilities, parameters, means);
    const perRow = value / (crowd.given.length * crowd.labels.length);
    values.push(perRow);
    if (perRow - valueBefore < LEAST_GAIN) break;
    valueBefore = perRow;
  }
  const raters = crowd.raters.length;
  return { probabilities, abilities: parameters.slice(0, raters), ease: parameters.slice(raters), values };
}

/** Abilities, then eases, in one row. */
function parametersOf({ raters, items }: Crowd, { abilities, ease }: GladParameters): Float64Array {
  return Float64Array.from([
    ...raters.map((rater) => abilities?.get(rater) ?? 1),
    ...items.map((item) => ease?.get(item) ?? 1),
  ]);
}

/** E step, with equal priors of the labels. */
function estimateTruth(crowd: Crowd, parameters: Float64Array): Float64Array[] {
  const count = crowd.labels.length;
  const rows = crowd.items.map(() => new Float64Array(count));
  for (const { item, rater, label } of crowd.given) {
    const skill = parameters[rater]! * Math.exp(parameters[crowd.raters.length + item]!);
    const right = -softplus(-skill);
    const wrong = -softplus(skill) - logOthers(count);
    for (let truth = 0; truth < count; truth++) rows[item]![truth]! += truth === label ? right : wrong;
  }
  for (const row of rows) softmax(row);
  return rows;
}

/** The M step's objective with the log of the priors, and its gradient. */
function expectedLogLikelihood(
  crowd: Crowd,
  probabilities: readonly Float64Array[],
  parameters: Float64Array,
  means: Float64Array,
): { value: number; gradient: Float64Array } {
  const others = logOthers(crowd.labels.length);
  const gradient = new Float64Array(parameters.length);
  const inverseDifficulty = parameters.subarray(crowd.raters.length).map(Math.exp);
  let value = 0;
  for (const { item, rater, label } of crowd.given) {
    const ability = parameters[rater]!;
    const skill = ability * inverseDifficulty[item]!;
    const right = probabilities[item]![label]!;
    value += right * -softplus(-skill) + (1 - right) * (-softplus(skill) - others);
    const slope = (right - 1 / (1 + Math.exp(-skill))) * inverseDifficulty[item]!;
    gradient[rater]! += slope;
    gradient[crowd.raters.length + item]! += slope * ability;
  }
  for (let i = 0; i < parameters.length; i++) {
    const deviation = parameters[i]! - means[i]!;
    value -= 0.5 * deviation * deviation + LOG_SQRT_2_PI;
    gradient[i]! -= deviation;
  }
  return { value, gradient };
}

/** log(K - 1); with one label value there is nothing to be wrong about. */
const logOthers = (labels: number) => Math.log(Math.max(1, labels - 1));

/** log(1 + exp(x)) */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
