// The gate on real conversations: prompts with earlier answers in them are answered no worse than by the parent.
import type { GateResult } from '@/core/artifact/manifest';
import { noLower, notJudged } from '../gate';
import { pairedError } from '../paired';
import { choose, type RewardFigures } from './figures';

/** Points of score. */
const MARGIN = 0.1;
const COARSEST = 1;
const LEAST_ANSWERS = 8;

export function judgeReplay({ scores, isConversation }: RewardFigures): GateResult {
  const pairs = choose(scores, (at) => isConversation[at]!);
  const change = { margin: MARGIN, standardError: pairedError(pairs), coarsest: COARSEST };
  const what = 'Mean reward of answers late in real conversations';
  const gate = noLower('replay', pairs, { ...change, unit: 'conversations' }, what);
  const has = pairs.candidate.length;
  return has < LEAST_ANSWERS ? notJudged(gate, { unit: 'conversations', has, needs: LEAST_ANSWERS }) : gate;
}
