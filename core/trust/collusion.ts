// Finds raters who vote alike beyond what the items explain: their votes are one voice, however many accounts give it.
//
// Two raters who judge by themselves agree on an item as often as their reliabilities say; accounts that copy one another
// agree always. A set of accounts is reported if the evidence for copying, over all pairs in it, outweighs the number of
// sets of its size that there were to choose from.
import { type Coincidence, findCoincidences } from './coincidences';
import type { Estimate } from './estimate';
import type { Judgement } from './judgement';

export interface Collusion {
  raters: string[];
  /** Log Bayes factor of copying against judging alone, before the choice of the set is paid for. */
  evidence: number;
}

/** How often accounts that act together give the same vote. */
const COPIES = 0.98;
/** Largest chance of a false report, by the Bayes factor (Ville's inequality). */
const FALSE_REPORTS = 0.01;

/** Meetings with raters outside the set that are imagined to go as usual. */
const IMAGINED_PAIRS = 10;

/** The largest evidence first. More than half of the raters are no conspiracy, but the crowd. */
export function findCollusions(judgements: readonly Judgement[], estimate: Estimate): Collusion[] {
  const coincidences = findCoincidences(judgements, estimate);
  const alike = likenessOf(coincidences);
  const raters = new Set(judgements.map(({ rater }) => rater)).size;
  const found: Collusion[] = [];
  const seen = new Set<string>();
  for (;;) {
    const group = grow(alike, seen);
    if (!group) return found;
    const price = logChoices(raters, group.raters.length) - Math.log(FALSE_REPORTS);
    if (group.evidence < price) return found;
    for (const rater of group.raters) seen.add(rater);
    const isCrowd = group.raters.length > raters / 2;
    if (!isCrowd && evidenceAgainstOthers(group.raters, coincidences) > price) found.push(group);
  }
}

type Likeness = Map<string, Map<string, number>>;

/** Log Bayes factor of copying, if agreement is otherwise expected this often. */
const factorOf = ({ agree, share }: Coincidence, expected: number): number =>
  share * Math.min(1, agree ? Math.log(COPIES / expected) : Math.log((1 - COPIES) / (1 - expected)));

function likenessOf(coincidences: readonly Coincidence[]): Likeness {
  const alike: Likeness = new Map();
  for (const coincidence of coincidences) {
    const [r, s] = coincidence.raters;
    const factor = factorOf(coincidence, coincidence.expected);
    add(alike, r, s, factor);
    add(alike, s, r, factor);
  }
  return alike;
}

/** Raters who agree with everyone else just as often as with one another are good, and do not copy. */
function evidenceAgainstOthers(raters: readonly string[], coincidences: readonly Coincidence[]): number {
  const members = new Set(raters);
  const inside = coincidences.filter(({ raters: [r, s] }) => members.has(r) && members.has(s));
  const across = coincidences.filter(({ raters: [r, s] }) => members.has(r) !== members.has(s));
  const usual = mean(inside.map(({ expected }) => expected));
  const agreed = across.filter(({ agree }) => agree).length;
  const elsewhere = (agreed + IMAGINED_PAIRS * usual) / (across.length + IMAGINED_PAIRS);
  return inside.reduce((sum, own) => sum + factorOf(own, Math.min(COPIES, Math.max(own.expected, elsewhere))), 0);
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

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
