// The gate on ends: about as many answers as the parent's end before the length limit.
import { noLower } from '../gate';
import { type AnswerGate, pairsOf, shareChange } from './answers';

export const judgeEnds: AnswerGate = (candidate, parent) => {
  const pairs = pairsOf(candidate, parent, ({ hasEnded }) => hasEnded);
  return [noLower('end_rate', pairs, shareChange(pairs), 'Share of answers that end before the limit')];
};
