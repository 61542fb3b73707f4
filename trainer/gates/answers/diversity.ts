// The gate on diversity: distinct-2 over all answers, the share of word pairs that are different (Li et al. 2016).
import { atLeast, notJudged, percent } from '../gate';
import type { AnswerGate, AnswerSet } from './answers';
import { ngramsOf } from './ngrams';

/** Of each answer, so that longer answers, which repeat more, do not count as less diverse. */
const MOST_WORDS = 20;
/** The share may fall to this part of the parent's; draws of one policy differ by a few per cent. */
const PART = 0.75;
const LEAST_ANSWERS = 32;

export const judgeDiversity: AnswerGate = (candidate, parent) => {
  const [own, before] = [distinctPairs(candidate), distinctPairs(parent)];
  const note = `Distinct word pairs among all; the parent's are ${percent(before)}.`;
  const gate = atLeast('diversity', own, PART * before, note, { parent: before });
  const has = parent.answers.length;
  return [has < LEAST_ANSWERS ? notJudged(gate, { unit: 'answers', has, needs: LEAST_ANSWERS }) : gate];
};

function distinctPairs({ answers }: AnswerSet): number {
  const all = answers.flatMap(({ text }) => ngramsOf(text, 2, MOST_WORDS));
  return all.length === 0 ? 0 : new Set(all).size / all.length;
}
