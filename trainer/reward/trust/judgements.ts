// Feedback as judgements of items, from which the trust in its raters is estimated, and back.

import { hash32 } from '@/core/rng';
import type { Judgement, Lean } from '@/core/trust/judgement';
import { sigmoid } from '@/trainer/math/loss/score';
import type { RatingScales } from '@/trainer/math/rating-scale';
import { latentInterval } from '@/trainer/math/rating-scale';
import { type Implicit, promptKey, type RewardExample, type Safety } from '@/trainer/math/reward-examples';

export interface ExampleJudgement extends Judgement {
  /** Place of the example. */
  place: number;
  /** The log odds of side A that a model's scores of the example's completions mean. */
  beliefOf(scores: readonly number[]): number;
}

/** Of the examples whose rater is known. Side A of an item is the same for everyone who judges it. */
export function judgementsOf(examples: readonly RewardExample[], scales: RatingScales): ExampleJudgement[] {
  return examples.flatMap((example, place) => {
    if (example.rater === undefined || example.kind === 'implicit' || example.kind === 'safety') return [];
    return [{ ...judgementOf(example, scales), rater: example.rater, kind: example.kind, place }];
  });
}

type Part = Omit<ExampleJudgement, 'rater' | 'kind' | 'place'>;

function judgementOf(example: Exclude<RewardExample, Implicit | Safety>, scales: RatingScales): Part {
  const prompt = promptKey(example);
  switch (example.kind) {
    case 'comparison': {
      const { chosenIds, rejectedIds, outcome, isChosenLeft } = example;
      const won = outcome === 'chosen' ? 1 : 0.5;
      const pair = pairOf(prompt, chosenIds, rejectedIds, won, ([chosen, rejected]) => chosen! - rejected!);
      const first: Lean = isChosenLeft === undefined ? 0 : isChosenLeft === pair.isA ? 1 : -1;
      return { ...pair, first };
    }
    case 'correction':
      return pairOf(prompt, example.correctedIds, example.originalIds, 1, ([mine, original]) => mine! - original!);
    case 'best_of': {
      const item = [prompt, ...example.completions.map((ids) => ids.join()).sort(), example.best].join(';');
      // Which side the pick is on is drawn, because nobody could vote for the other side of this item.
      const isA = hash32(item.length, example.completions[example.best]![0] ?? 0) % 2 === 0;
      const lead = (scores: readonly number[]) =>
        scores[example.best]! -
        scores.reduce((sum, score, i) => sum + (i === example.best ? 0 : score), 0) / (scores.length - 1);
      return { item, label: isA ? 1 : 0, first: 0, beliefOf: (scores) => (isA ? 1 : -1) * lead(scores) };
    }
    case 'ranking': {
      const place = (rank: number) => example.ranks.indexOf(rank);
      const [best, worst] = [place(Math.min(...example.ranks)), place(Math.max(...example.ranks))];
      const [winner, loser] = [example.completions[best]!, example.completions[worst]!];
      const won = best === worst ? 0.5 : 1; // all of them tie
      return pairOf(prompt, winner, loser, won, (scores) => scores[best]! - scores[worst]!);
    }
    case 'thumb':
      return { item: `${prompt};${example.completionIds}`, label: example.up ? 1 : 0, beliefOf: ([score]) => score! };
    case 'rating':
    case 'questionnaire': {
      const { low, high } = latentInterval(example, scales);
      const label = (sigmoid(low) + sigmoid(high)) / 2;
      return { item: `${prompt};${example.completionIds}`, label, beliefOf: ([score]) => score! };
    }
  }
}

/** A is the completion whose tokens come first in order. */
function pairOf(
  prompt: string,
  winner: Int32Array,
  loser: Int32Array,
  won: number,
  lead: (scores: readonly number[]) => number,
): Part & { isA: boolean } {
  const [a, b] = [winner.join(), loser.join()];
  const isA = a < b;
  const longer = Math.sign(winner.length - loser.length) * (isA ? 1 : -1);
  return {
    isA,
    item: isA ? `${prompt};${a};${b}` : `${prompt};${b};${a}`,
    label: isA ? won : 1 - won,
    longer: (longer || 0) as Lean,
    beliefOf: (scores) => (isA ? 1 : -1) * lead(scores),
  };
}
