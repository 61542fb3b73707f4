// A temperature that turns score gaps into calibrated probabilities, fitted on held-out pairs and judged out of fold.
import { hash32 } from '@/core/rng';
import { logSigmoid } from '@/trainer/math/loss/score';
import { expectedCalibrationError, type LabelledPair, type ScoredPair } from './metrics';

export interface Calibration {
  /** p(chosen wins) = sigmoid(gap / temperature); fitted on all pairs. */
  temperature: number;
  eceBefore: number;
  /** Each pair judged with the temperature of the other folds. */
  eceAfter: number;
}

const FOLDS = 5;
/** Bound of |log temperature|, which a few pairs that all agree would drive to infinity. */
const WIDEST = 4;

/** Maximum a posteriori with log temperature ~ N(0, 1), by golden-section search. 1 without pairs. */
export function fitTemperature(pairs: readonly ScoredPair[]): number {
  if (pairs.length === 0) return 1;
  const cost = (logTemperature: number) =>
    logTemperature ** 2 / 2 -
    pairs.reduce(
      (sum, { weight, chosen, rejected }) => sum + weight * logSigmoid((chosen - rejected) / Math.exp(logTemperature)),
      0,
    );
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [-WIDEST, WIDEST];
  for (let i = 0; i < 60; i++) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (cost(a) < cost(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}

/**
 * A prompt is in one fold, so that no pair is judged by its siblings' temperature. Null for fewer prompts than folds.
 */
export function calibrate(pairs: readonly LabelledPair[]): Calibration | null {
  const prompts = [...new Set(pairs.map(({ prompt }) => prompt))].sort();
  if (prompts.length < FOLDS) return null;
  const order = prompts.map((prompt, i) => [hash32(17, i), prompt] as const).sort(([a], [b]) => a - b);
  const foldOf = new Map(order.map(([, prompt], i) => [prompt, i % FOLDS]));
  const calibrated = Array.from({ length: FOLDS }, (_, fold) => {
    const temperature = fitTemperature(pairs.filter(({ prompt }) => foldOf.get(prompt) !== fold));
    return pairs.filter(({ prompt }) => foldOf.get(prompt) === fold).map((pair) => scalePair(pair, temperature));
  });
  return {
    temperature: fitTemperature(pairs),
    eceBefore: expectedCalibrationError(pairs),
    eceAfter: expectedCalibrationError(calibrated.flat()),
  };
}

export const scalePair = (pair: ScoredPair, temperature: number): ScoredPair => ({
  ...pair,
  chosen: pair.chosen / temperature,
  rejected: pair.rejected / temperature,
});
