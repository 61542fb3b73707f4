// The gate on reward for length: score and length of the candidate's answers do not go together more than the parent's.
import type { GateResult } from '@/core/artifact/manifest';
import { atMost, notJudged } from '../gate';
import { LUCK, meanOf } from '../paired';
import type { RewardFigures } from './figures';

/** On Fisher's scale, whose standard error is 1 / sqrt(n - 3) (Fisher 1921). */
const MARGIN = 0.25;
const COARSEST = 1;
const LEAST_ANSWERS = 16;

export function judgeRewardLength({ scores, tokens }: RewardFigures): GateResult {
  const count = scores.candidate.length;
  const own = correlation(scores.candidate, tokens.candidate);
  const parent = correlation(scores.parent, tokens.parent);
  const allowed = Math.max(MARGIN, LUCK * Math.sqrt(2 / Math.max(1, count - 3)));
  const most = Math.tanh(Math.atanh(parent) + allowed);
  const note = `Correlation of score and length over ${count} answers; the parent’s is ${parent.toFixed(2)}.`;
  const gate = atMost('reward_length', own, most, note, { count, parent });
  if (count >= LEAST_ANSWERS && (!gate.passed || allowed <= COARSEST)) return gate;
  return notJudged(gate, { unit: 'answers', has: count, needs: Math.max(LEAST_ANSWERS, count + 1) });
}

/** 0 where one of the two does not vary; never exactly 1, whose Fisher transform is infinite. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  const sum = (of: (i: number) => number) => a.reduce((total, _, i) => total + of(i), 0);
  const spread = Math.sqrt(sum((i) => (a[i]! - meanA) ** 2) * sum((i) => (b[i]! - meanB) ** 2));
  if (spread === 0) return 0;
  return Math.max(-0.999, Math.min(0.999, sum((i) => (a[i]! - meanA) * (b[i]! - meanB)) / spread));
}
