// The gate on the win rate at equal length: the parent's answers do not win by the reward model once length is accounted for.
//
// Length-controlled AlpacaEval (Dubois et al. 2024, arXiv 2404.04475): a logistic regression of the preference on
// tanh(difference of lengths / its deviation); the win rate is its value at a difference of 0. Left out: the term for how
// hard each prompt is, which takes many models to estimate.
import type { GateResult } from '@/core/artifact/manifest';
import { sigmoid } from '@/trainer/math/loss/score';
import { atLeast, notJudged, percent } from '../gate';
import { luckOf, meanOf, varianceOf } from '../paired';
import type { RewardFigures } from './figures';

const MARGIN = 0.05;
const COARSEST = 0.3;

export function judgeWinRate({ scores, tokens, logitsPerPoint }: RewardFigures): GateResult {
  const differences = (of: typeof scores) => of.candidate.map((x, i) => x - of.parent[i]!);
  const wins = differences(scores).map((difference) => sigmoid(logitsPerPoint * difference));
  const lengths = differences(tokens);
  const deviation = Math.sqrt(varianceOf(lengths)) || 1;
  const { share, standardError } = winRateAtEqualLength(
    wins,
    lengths.map((length) => Math.tanh(length / deviation)),
  );
  const allowed = Math.max(MARGIN, luckOf(wins.length) * standardError);
  const raw = meanOf(wins);
  const note = `Win rate against the parent by the reward model, at equal length; ${percent(raw)} without that. Of ${wins.length} pairs.`;
  const evidence = { pairs: wins.length, raw, standardError };
  const gate = atLeast('win_rate', share, 0.5 - allowed, note, evidence);
  if (!gate.passed || allowed <= COARSEST) return gate;
  const needs = Math.ceil(wins.length * (allowed / COARSEST) ** 2);
  return notJudged(gate, { unit: 'pairs', has: wins.length, needs });
}

/** Keeps the length's slope finite where there is little to fit it on. */
const RIDGE = 1;
const STEPS = 30;

/** Newton's method on intercept and slope; the error is White's, because preferences are no coin flips. */
export function winRateAtEqualLength(wins: readonly number[], lengths: readonly number[]) {
  let [intercept, slope] = [0, 0];
  const curvature = () => {
    const h = { ii: 1e-9, is: 0, ss: RIDGE };
    for (const length of lengths) {
      const p = sigmoid(intercept + slope * length);
      const w = p * (1 - p);
      h.ii += w;
      h.is += w * length;
      h.ss += w * length * length;
    }
    return h;
  };
  for (let step = 0; step < STEPS; step++) {
    const g = { i: 0, s: -RIDGE * slope };
    for (const [at, length] of lengths.entries()) {
      const residual = wins[at]! - sigmoid(intercept + slope * length);
      g.i += residual;
      g.s += residual * length;
    }
    const { ii, is, ss } = curvature();
    const determinant = ii * ss - is * is;
    intercept = clamp(intercept + (ss * g.i - is * g.s) / determinant);
    slope = clamp(slope + (ii * g.s - is * g.i) / determinant);
  }
  const { ii, is, ss } = curvature();
  const determinant = ii * ss - is * is;
  const variance = lengths.reduce((sum, length, at) => {
    const residual = wins[at]! - sigmoid(intercept + slope * length);
    return sum + (((ss - is * length) / determinant) * residual) ** 2;
  }, 0);
  const share = sigmoid(intercept);
  return { share, standardError: share * (1 - share) * Math.sqrt(variance) };
}

/** Preferences of 0 or 1 alone would have no finite maximum. */
const clamp = (value: number) => Math.max(-12, Math.min(12, value));
