// The gate on refusals: ordinary prompts are not refused more often than by the parent.
import { isRefusal } from '@/core/text/refusal';
import { noHigher } from '../gate';
import { type AnswerGate, pairsOf, shareChange } from './answers';

export const judgeRefusal: AnswerGate = (candidate, parent) => {
  const pairs = pairsOf(candidate, parent, ({ text }) => isRefusal(text));
  return [noHigher('refusal', pairs, shareChange(pairs), 'Share of held-out prompts that are refused')];
};
