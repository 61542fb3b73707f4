// The gate on repetition: three words in a row that an answer has said before.
import { noHigher } from '../gate';
import { pairedError } from '../paired';
import { type AnswerGate, pairsOf, SLACK } from './answers';
import { ngramsOf } from './ngrams';

const WORDS = 3;

export const judgeRepetition: AnswerGate = (candidate, parent) => {
  const pairs = pairsOf(candidate, parent, ({ text }) => repeatedShare(text));
  const change = { margin: SLACK, standardError: pairedError(pairs), coarsest: 0.35, unit: 'answers' as const };
  return [noHigher('repetition', pairs, change, 'Share of word triples that the answer has said before')];
};

/** Of the triples of a text; 0 for one that has none. */
function repeatedShare(text: string): number {
  const all = ngramsOf(text, WORDS);
  return all.length === 0 ? 0 : 1 - new Set(all).size / all.length;
}
