// The hidden labels of the judged items: what all votes, a model and gold say about each, and what the others say.
import { BEHAVIOURS, type Likelihoods } from './behaviours';
import { itemKey, type Judgement } from './judgement';

export interface Item {
  key: string;
  kind: string;
  /** Judgements of it. */
  places: number[];
  truth: 0 | 1 | null;
  /** What its sides come from, if that is known and differs. */
  sources: readonly [a: string, b: string] | null;
  /** Log odds of side A by a model that has not seen the item's votes, before they are scaled; 0 if it says nothing. */
  belief: number;
}

/** Log odds of a gold item's label. */
const GOLD = 7;
const BELIEF_SCALES = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
/** Imagined items, half of them A, that a kind's share of A starts from. */
const IMAGINED_ITEMS = 20;

/** A taste has its own label for each item, except for gold, which is a matter of fact. */
export function itemsOf(
  judgements: readonly Judgement[],
  beliefs: ReadonlyMap<string, number> | undefined,
  tasteOf: (rater: string) => string | undefined,
): Item[] {
  const items = new Map<string, Item>();
  for (const [place, judgement] of judgements.entries()) {
    const taste = judgement.truth === undefined ? tasteOf(judgement.rater) : undefined;
    const key = tasteKey(itemKey(judgement), taste);
    const item = items.get(key) ?? {
      key,
      kind: judgement.kind,
      places: [],
      truth: null,
      sources: sourcesOf(judgement),
      belief: beliefs?.get(key) ?? 0,
    };
    item.places.push(place);
    item.truth ??= judgement.truth ?? null;
    items.set(key, item);
  }
  return [...items.values()];
}

function sourcesOf({ sources }: Judgement): [string, string] | null {
  const [a, b] = sources ?? [null, null];
  return a === null || b === null || a === b ? null : [a, b];
}

/** The key under which a taste's label and belief of an item stand. */
export const tasteKey = (key: string, taste: string | undefined): string => (taste ? `${key}\u0000${taste}` : key);

export interface Labels {
  /** Log odds of side A, by item. */
  logOdds: Float64Array;
  /** By judgement: the log odds of its item without the votes of its voter. */
  cavities: Float64Array;
}

export interface Readings {
  /** Log odds that each judgement adds to its item. */
  votes: Float64Array;
  /** Who casts it: accounts that act together are one voter, whose votes on an item are averaged. */
  voterOf: readonly string[];
  /** Log odds of A before anything is known about an item, by kind. */
  kindLogOdds: ReadonlyMap<string, number>;
  /** How good each source is, in logits: a better one wins more often, without anyone serving it. */
  strengths: ReadonlyMap<string, number>;
  beliefScale: number;
}

export function readLabels(
  items: readonly Item[],
  { votes, voterOf, kindLogOdds, strengths, beliefScale }: Readings,
): Labels {
  const logOdds = new Float64Array(items.length);
  const cavities = new Float64Array(votes.length);
  for (const [i, { kind, places, truth, belief, sources }] of items.entries()) {
    const lead = sources ? (strengths.get(sources[0]) ?? 0) - (strengths.get(sources[1]) ?? 0) : 0;
    const open = (kindLogOdds.get(kind) ?? 0) + lead + beliefScale * belief;
    const known = truth === null ? open : truth === 1 ? GOLD : -GOLD;
    const byVoter = new Map<string, number[]>();
    for (const place of places) {
      const own = byVoter.get(voterOf[place]!);
      if (own) own.push(votes[place]!);
      else byVoter.set(voterOf[place]!, [votes[place]!]);
    }
    const means = new Map([...byVoter].map(([voter, own]) => [voter, own.reduce((a, b) => a + b, 0) / own.length]));
    let total = known;
    for (const mean of means.values()) total += mean;
    logOdds[i] = total;
    for (const place of places) cavities[place] = total - means.get(voterOf[place]!)!;
  }
  return { logOdds, cavities };
}

/** log p(label | A) - log p(label | B), averaged over what a rater's behaviour may be. */
export function voteLogOdds(table: Likelihoods, posterior: Float64Array): number {
  let [a, b] = [0, 0];
  for (let k = 0; k < posterior.length; k++) {
    a += posterior[k]! * table[2 * k]!;
    b += posterior[k]! * table[2 * k + 1]!;
  }
  return Math.log(a / b);
}

/** The factor by which beliefs best predict the labels that follow from the votes alone. */
export function fitBeliefScale(items: readonly Item[], logOdds: Float64Array, beliefScale: number): number {
  let best = { scale: 0, value: Number.NEGATIVE_INFINITY };
  for (const scale of BELIEF_SCALES) {
    let value = 0;
    for (const [i, { truth, belief }] of items.entries()) {
      if (truth !== null || belief === 0) continue;
      const isA = sigmoid(logOdds[i]! - beliefScale * belief);
      value += isA * Math.log(sigmoid(scale * belief)) + (1 - isA) * Math.log(sigmoid(-scale * belief));
    }
    if (value > best.value) best = { scale, value };
  }
  return best.scale;
}

/** Precision of the prior around 0 of a source's strength, in votes. */
const STRENGTH_RIDGE = 4;

/**
 * Bradley and Terry's strengths of the sources by everyone's votes alike, so that those who always vote for one cannot
 * make it look so good that only they seem to be right.
 */
export function fitStrengths(judgements: readonly Judgement[]): Map<string, number> {
  const strengths = new Map<string, number>();
  const of = (source: string) => strengths.get(source) ?? 0;
  const votes = judgements.flatMap((judgement) => {
    const sources = sourcesOf(judgement);
    return sources ? [{ label: judgement.label, sources }] : [];
  });
  for (let step = 0; votes.length > 0 && step < 20; step++) {
    const slopes = new Map<string, { slope: number; curvature: number }>();
    for (const { label, sources } of votes) {
      const expected = sigmoid(of(sources[0]) - of(sources[1]));
      for (const [side, source] of sources.entries()) {
        const own = slopes.get(source) ?? { slope: -STRENGTH_RIDGE * of(source), curvature: STRENGTH_RIDGE };
        own.slope += (side === 0 ? 1 : -1) * (label - expected);
        own.curvature += expected * (1 - expected);
        slopes.set(source, own);
      }
    }
    // Half a Newton step for each source by itself: two that meet only each other would overshoot together.
    for (const [source, { slope, curvature }] of slopes) strengths.set(source, of(source) + slope / curvature / 2);
  }
  return strengths;
}

/**
 * The label that its only voter gave to an item of which no one else, no gold and no model says anything, by item; null
 * for the others.
 */
export function loneLabels(
  items: readonly Item[],
  judgements: readonly Judgement[],
  voterOf: readonly string[],
): (number | null)[] {
  return items.map(({ places, truth, belief }) => {
    const isLone = truth === null && belief === 0 && places.every((place) => voterOf[place] === voterOf[places[0]!]);
    return isLone ? places.reduce((sum, place) => sum + judgements[place]!.label, 0) / places.length : null;
  });
}

/**
 * The share of A among a kind's items, as log odds. A lone vote counts as it was given: fitted to labels that nothing but
 * the votes themselves decides, the share would run towards the majority, and who dissents would be taken to err.
 */
export function fitKinds(
  items: readonly Item[],
  logOdds: Float64Array,
  lone: readonly (number | null)[],
): Map<string, number> {
  const sums = new Map<string, { a: number; n: number }>();
  for (const [i, { kind }] of items.entries()) {
    const sum = sums.get(kind) ?? { a: IMAGINED_ITEMS / 2, n: IMAGINED_ITEMS };
    sum.a += lone[i] ?? sigmoid(logOdds[i]!);
    sum.n++;
    sums.set(kind, sum);
  }
  return new Map([...sums].map(([kind, { a, n }]) => [kind, Math.log(a / (n - a))]));
}

export interface AccountVote {
  item: number;
  table: Likelihoods;
  cavity: number;
  /** Whether it gives the known label of a gold item. */
  isRightGold: boolean;
}

/** Chance that a rater recognises a gold item, and so answers it rightly whatever they do elsewhere. */
const RECOGNISES_GOLD = 0.5;
/** The same for raters who act together, and tell one another. */
const GROUP_RECOGNISES_GOLD = 0.95;

/**
 * By behaviour: the log likelihood of one account's votes, whose items' labels are known as far as the others know them.
 * Votes of one item are repeats, and share its label.
 */
export function accountEvidence(votes: readonly AccountVote[], isGroup: boolean): Float64Array {
  const known = isGroup ? GROUP_RECOGNISES_GOLD : RECOGNISES_GOLD;
  const size = BEHAVIOURS.length;
  const products = new Float64Array(size).fill(1);
  const logs = new Float64Array(size);
  const byItem = new Map<number, AccountVote>();
  const multiply = (table: Likelihoods, a: number, b: number, constant: number) => {
    for (let k = 0; k < size; k++) {
      const product = products[k]! * (constant + a * table[2 * k]! + b * table[2 * k + 1]!);
      if (product > 1e-200) {
        products[k] = product;
      } else {
        logs[k]! += Math.log(product); // only now, because logarithms are dear
        products[k] = 1;
      }
    }
  };
  for (const vote of votes) {
    const { item, table, cavity, isRightGold } = vote;
    const same = byItem.get(item);
    if (isRightGold) multiply(table, cavity > 0 ? 1 - known : 0, cavity > 0 ? 0 : 1 - known, known);
    else byItem.set(item, same ? { ...vote, table: table.map((p, k) => p * same.table[k]!) } : vote);
  }
  for (const { table, cavity } of byItem.values()) {
    const isA = sigmoid(cavity);
    multiply(table, isA, 1 - isA, 0);
  }
  return logs.map((log, k) => log + Math.log(products[k]!));
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
