// What people did with an answer, as weak logistic observations of its score: each signal has its own slope and level.
//
// p(signal) = sigmoid(slope * score + level). Both are fitted, so a signal that says nothing about the score gets a slope
// around 0 and moves no score; a signal of dislike gets a negative one.
import { logSigmoid, type ScoreLoss, sigmoid } from './score';

export const SIGNALS = ['copied', 'regenerated', 'abandoned', 'read'] as const;
export type Signal = (typeof SIGNALS)[number];

export interface ImplicitLoss extends ScoreLoss {
  /** d loss / d of each slope and level, in the places of `parameters`. */
  parameterGradient: Float32Array;
}

/** `placeOf` gives the place of a signal's slope among the parameters; its level is the next one. */
export function implicitLoss(
  score: number,
  signals: ReadonlyMap<Signal, boolean>,
  {
    parameters,
    placeOf,
    weight,
  }: { parameters: ArrayLike<number>; placeOf: ReadonlyMap<Signal, number>; weight: number },
): ImplicitLoss {
  const out = { loss: 0, gradient: new Float32Array(1), parameterGradient: new Float32Array(parameters.length) };
  for (const [signal, happened] of signals) {
    const place = placeOf.get(signal)!;
    const [slope, level] = [parameters[place]!, parameters[place + 1]!];
    const logit = slope * score + level;
    out.loss -= weight * logSigmoid(happened ? logit : -logit);
    const excess = weight * (sigmoid(logit) - (happened ? 1 : 0));
    out.gradient[0]! += excess * slope;
    out.parameterGradient[place]! += excess * score;
    out.parameterGradient[place + 1]! += excess;
  }
  return out;
}
