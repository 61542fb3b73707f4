// Orders the items that people could judge next by what one more vote on each would teach the reward model.
//
// An item's weight is information * (1 + coverage * shortage) * (1 + disagreement * entropy); see ChosenTask.
import { CandidateInformation } from './information';
import type { TaskQuestion } from './question';
import { GroupShares } from './shortage';

export interface ChosenTask {
  /** Place among the candidates. */
  at: number;
  weight: number;
  /** What a vote is expected to settle, given the items before it; 1 is the average candidate alone. */
  information: number;
  /** How far the votes of its scarcest group are below that group's target, 0 to 1. */
  shortage: number;
  /** Of the votes on the item, in bits: 0 if they agree or there are none, 1 if they are evenly divided. */
  entropy: number;
}

/**
 * The best batch by greedy choice, best item first, each item at most once. Equal weights keep the candidates' order,
 * so shuffle candidates whose order must not matter.
 */
export function chooseTasks(question: TaskQuestion): ChosenTask[] {
  const { candidates, weights, count } = question;
  const shares = new GroupShares(question);
  const information = new CandidateInformation(question, (at) => shares.targetRatio(candidates[at]!.groups));
  const entropies = candidates.map(({ votes }) => entropyOf(votes));
  const left = new Set(candidates.keys());
  const chosen: ChosenTask[] = [];
  while (chosen.length < count && left.size > 0) {
    let best: ChosenTask | null = null;
    for (const at of left) {
      const { groups } = candidates[at]!;
      const own = { information: information.of(at), shortage: shares.shortage(groups), entropy: entropies[at]! };
      const urgency = (1 + weights.coverage * own.shortage) * (1 + weights.disagreement * own.entropy);
      const weight = own.information * urgency;
      if (!best || weight > best.weight) best = { at, weight, ...own };
    }
    chosen.push(best!);
    left.delete(best!.at);
    information.expectVote(best!.at);
    shares.addVote(candidates[best!.at]!.groups);
  }
  return chosen;
}

function entropyOf([first, second]: readonly [number, number]): number {
  const all = first + second;
  return [first, second].reduce((sum, side) => sum - (side > 0 ? (side / all) * Math.log2(side / all) : 0), 0);
}
