// The gate on answers of one or two words, which an over-optimised reward model leads to.
import { countWords } from '@/core/text/text';
import { atMost, noHigher, percent } from '../gate';
import { meanOf } from '../paired';
import { type AnswerGate, pairsOf, shareChange } from './answers';

/** Most words in an answer that says nothing. */
const DEGENERATE_WORDS = 2;
/** Degenerate answers above the parent's that may be chance in a trial. */
const CHANCE = 1;
/** The largest share allowed in a trial during a run; if it is larger, the parent's share and `CHANCE` apply instead. */
const TRIAL_SHARE = 0.025;

const degenerate: (...sets: Parameters<AnswerGate>) => ReturnType<typeof pairsOf> = (candidate, parent) =>
  pairsOf(candidate, parent, ({ text }) => countWords(text) <= DEGENERATE_WORDS);

export const judgeDegenerate: AnswerGate = (candidate, parent) => {
  const pairs = degenerate(candidate, parent);
  return [noHigher('degenerate_answers', pairs, shareChange(pairs), 'Share of answers of one or two words')];
};

/** Stricter than the gate, because an earlier policy can be kept. */
export const judgeDegenerateTrial: AnswerGate = (candidate, parent) => {
  const pairs = degenerate(candidate, parent);
  const own = meanOf(pairs.parent);
  const most = Math.min(1, Math.max(TRIAL_SHARE, own + CHANCE / pairs.candidate.length));
  const note = `Answers of one or two words; the parent gives ${percent(own)}.`;
  return [atMost('degenerate_answers', meanOf(pairs.candidate), most, note)];
};
