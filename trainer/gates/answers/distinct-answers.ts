// The gate on equal answers: as many different ones as the parent's, or nearly.
import { atLeast, percent } from '../gate';
import { LUCK } from '../paired';
import type { AnswerGate, AnswerSet } from './answers';

/** The share of distinct answers may fall by this part of the parent's. */
const PART = 0.3;

export const judgeDistinct: AnswerGate = (candidate, parent) => {
  const [own, before] = [distinctShare(candidate), distinctShare(parent)];
  const error = Math.sqrt((2 * before * (1 - before)) / parent.answers.length);
  const least = before - Math.max(PART * before, LUCK * error);
  return [atLeast('distinct_answers', own, least, `The parent's are ${percent(before)} distinct.`, { parent: before })];
};

const distinctShare = ({ answers }: AnswerSet) => new Set(answers.map(({ text }) => text)).size / answers.length;
