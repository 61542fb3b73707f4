// Finds raters who vote alike beyond what the items explain: their votes are one voice, however many accounts give it.
//
// Two raters who judge by themselves agree on an item as often as their reliabilities say; accounts that copy one another
// agree always. A set of accounts is reported if the evidence for copying, over all pairs in it, outweighs the number of
// sets of its size that there were to choose from.
import { BEHAVIOURS, leanOf } from './behaviours';
import type { Estimate } from './estimate';
import { sigmoid } from './items';
import { itemKey, type Judgement } from './judgement';

export interface Collusion {
  raters: string[];
  /** Log Bayes factor of copying against judging alone, before the choice of the set is paid for. */
  evidence: number;
}

/** How often accounts that act together give the same vote. */
const COPIES = 0.98;
/** Largest chance of a false report, by the Bayes factor (Ville's inequality). */
const FALSE_REPORTS = 0.01;

export function findCollusions(judgements: readonly Judgement[], estimate: Estimate): Collusion[] {
  const alike = likeness(judgements, estimate);
  const raters = new Set(judgements.map(({ rater }) => rater));
  const found: Collusion[] = [];
  for (;;) {
    const group = grow(alike, new Set(found.flatMap((collusion) => collusion.raters)));
    if (!group) return found;
    const price = logChoices(raters.size, group.raters.length) - Math.log(FALSE_REPORTS);
    if (group.evidence < price) return found;
    found.push(group);
  }
}

type Likeness = Map<string, Map<string, number>>;

/** For each pair of raters with items in common, the log Bayes factor of copying. */
function likeness(judgements: readonly Judgement[], { accounts, cavities, referenceSignal }: Estimate): Likeness {
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
  const alike: Likeness = new Map();
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
        const factor = agree ? Math.log(COPIES / expected) : Math.log((1 - COPIES) / (1 - expected));
        // m votes alike are m - 1 coincidences, and m (m - 1) / 2 pairs.
        const share = (2 / places.length) * Math.min(factor, 1);
        add(alike, r, s, share);
        add(alike, s, r, share);
      }
    }
  }
  return alike;
}

function add(alike: Likeness, from: string, to: string, value: number): void {
  const own = alike.get(from) ?? new Map<string, number>();
  own.set(to, (own.get(to) ?? 0) + value);
  alike.set(from, own);
}

/** From the most alike pair, adds the rater who is most alike to the whole set, as long as there is one. */
function grow(alike: Likeness, taken: ReadonlySet<string>): Collusion | null {
  let seed: { pair: [string, string]; value: number } | null = null;
  for (const [r, others] of alike) {
    for (const [s, value] of others) {
      if (!taken.has(r) && !taken.has(s) && value > (seed?.value ?? 0)) seed = { pair: [r, s], value };
    }
  }
  if (!seed) return null;
  const raters: string[] = [...seed.pair];
  const gains = new Map<string, number>();
  const join = (rater: string) => {
    for (const [s, value] of alike.get(rater)!) if (!taken.has(s)) gains.set(s, (gains.get(s) ?? 0) + value);
  };
  for (const rater of raters) join(rater);
  for (;;) {
    let best: { rater: string; gain: number } | null = null;
    for (const [rater, gain] of gains) {
      if (!raters.includes(rater) && gain > (best?.gain ?? 0)) best = { rater, gain };
    }
    if (!best) return pruned(raters, alike);
    raters.push(best.rater);
    join(best.rater);
  }
}

/** Leaves out, least alike first, who is no more like the rest than the best of all raters would be by chance. */
function pruned(members: readonly string[], alike: Likeness): Collusion | null {
  const raters = new Set(members);
  const own = (rater: string) => [...raters].reduce((sum, other) => sum + (alike.get(rater)?.get(other) ?? 0), 0);
  while (raters.size > 1) {
    const worst = [...raters].reduce((least, rater) => (own(rater) < own(least) ? rater : least));
    if (own(worst) >= Math.log(alike.size)) break;
    raters.delete(worst);
  }
  const evidence = [...raters].reduce((sum, rater) => sum + own(rater), 0) / 2;
  return raters.size > 1 ? { raters: [...raters], evidence } : null;
}

/** log of the number of sets of k among n. */
export function logChoices(n: number, k: number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum += Math.log((n - i) / (k - i));
  return sum;
}
