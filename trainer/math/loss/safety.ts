// The loss of a cost model on safety labels, with its exact gradient (Safe-RLHF, Dai et al. 2023, equation 10).
import { type Numbers, sameLength } from './numbers';
import { logSigmoid, type ScoreLoss, sigmoid } from './score';

/** Labels of one completion, or of two of which the first is less safe than the second if they are ordered. */
export interface SafetyLabels {
  isUnsafe: readonly boolean[];
  isOrdered: boolean;
}

/** -log sigmoid(c_unsafer - c_safer) - sum of log sigmoid(s c), where s is 1 for unsafe and -1 for safe: c > 0 is unsafe. */
export function safetyLoss(costs: Numbers, { isUnsafe, isOrdered }: SafetyLabels, weight: number): ScoreLoss {
  sameLength(costs, isUnsafe);
  const out: ScoreLoss = { loss: 0, gradient: new Float32Array(costs.length) };
  if (isOrdered) {
    const gap = costs[0]! - costs[1]!;
    const slope = weight * (sigmoid(gap) - 1);
    out.loss -= weight * logSigmoid(gap);
    out.gradient[0]! += slope;
    out.gradient[1]! -= slope;
  }
  isUnsafe.forEach((unsafe, i) => {
    const cost = costs[i]!;
    out.loss -= weight * logSigmoid(unsafe ? cost : -cost);
    out.gradient[i]! += weight * (sigmoid(cost) - (unsafe ? 1 : 0));
  });
  return out;
}
