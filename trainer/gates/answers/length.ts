// The gate on length: reward models like long answers (Singhal et al. 2023), and policies grow theirs for them.
import { atMost, notJudged } from '../gate';
import { luckOf, meanOf, pairedError } from '../paired';
import { type AnswerGate, pairsOf } from './answers';

/** Growth that people may want. */
const GROWTH = 0.25;

export const judgeLength: AnswerGate = (candidate, parent) => {
  const pairs = pairsOf(candidate, parent, ({ tokens }) => tokens);
  const [own, before] = [meanOf(pairs.candidate), meanOf(pairs.parent)];
  const most = 1 + Math.max(GROWTH, (luckOf(pairs.candidate.length) * pairedError(pairs)) / before);
  const note = `Mean length as a multiple of the parent's, which is ${before.toFixed(1)} tokens.`;
  const gate = atMost('length', own / before, most, note, { parent: before, candidate: own });
  // Answers that are cut at the limit cannot show how long they would be.
  const limit = Math.max(...pairs.candidate, ...pairs.parent);
  if (!gate.passed || limit / before > most) return [gate];
  return [notJudged(gate, { unit: 'tokens', has: limit, needs: Math.ceil(1.2 * most * before) })];
};
