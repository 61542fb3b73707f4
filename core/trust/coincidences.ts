// Where two raters judged the same item: whether they agree, and how likely that was without copying.
import { BEHAVIOURS, leanOf } from './behaviours';
import type { Estimate } from './estimate';
import { sigmoid } from './items';
import { itemKey, type Judgement } from './judgement';

export interface Coincidence {
  raters: readonly [string, string];
  agree: boolean;
  /** Probability that two raters agree here who share habits, but not votes. */
  expected: number;
  /** m votes alike are m - 1 coincidences, and m (m - 1) / 2 pairs: each pair counts 2 / m. */
  share: number;
}

export function findCoincidences(
  judgements: readonly Judgement[],
  { accounts, cavities, referenceSignal }: Estimate,
): Coincidence[] {
  const posteriorAt = new Map(accounts.flatMap((account) => account.places.map((place) => [place, account] as const)));
  const honest = (1 + referenceSignal) / 2;
  /** Probability that the rater votes for A by a habit or by the judgement of an ordinary honest rater. */
  const votesA = (place: number, isA: boolean) => {
    const judgement = judgements[place]!;
    let sum = 0;
    for (const [b, { habit, pull }] of BEHAVIOURS.entries()) {
      const lean = habit ? leanOf(judgement, habit, null) : 0;
      const own = isA ? honest : 1 - honest;
      sum +=
        posteriorAt.get(place)!.behaviours[b]! * (lean === 0 ? own : pull * (lean === 1 ? 1 : 0) + (1 - pull) * own);
    }
    return sum;
  };
  const byItem = new Map<string, number[]>();
  for (const [place, judgement] of judgements.entries()) {
    if (judgement.truth !== undefined || judgement.label === 0.5) continue;
    byItem.set(itemKey(judgement), [...(byItem.get(itemKey(judgement)) ?? []), place]);
  }
  const found: Coincidence[] = [];
  for (const places of byItem.values()) {
    for (const [i, one] of places.entries()) {
      for (const other of places.slice(i + 1)) {
        const [r, s] = [judgements[one]!.rater, judgements[other]!.rater];
        if (r === s) continue;
        const isA = sigmoid(cavities[one]!);
        const expected = [true, false].reduce((sum, truth) => {
          const [a, b] = [votesA(one, truth), votesA(other, truth)];
          return sum + (truth ? isA : 1 - isA) * (a * b + (1 - a) * (1 - b));
        }, 0);
        const agree = judgements[one]!.label > 0.5 === judgements[other]!.label > 0.5;
        found.push({ raters: [r, s], agree, expected, share: 2 / places.length });
      }
    }
  }
  return found;
}
