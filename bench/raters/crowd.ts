// Simulated raters over real pairs: careful and noisy people, with a share of trolls, as the product hands out its items.

import { hash32, Rng, uniformAt } from '@/core/rng';
import type { Judgement } from '@/core/trust/judgement';
import type { JudgedPair } from './pairs';

export const ARCHETYPES = [
  'flip',
  'random',
  'always first',
  'longest',
  'safe as unsafe',
  'honest on gold only',
  'colluding group',
] as const;
export type Archetype = (typeof ARCHETYPES)[number];
type Person = 'honest' | 'taste' | Archetype;

export interface Protocol {
  raters: number;
  /** Share of the pairs that `overlap` raters judge; the others have one vote. */
  overlapShare: number;
  overlap: number;
  /** Share of a rater's votes that are on gold items, which do not train. */
  goldShare: number;
  /** Share of a rater's items that are shown a second time. */
  repeatShare: number;
}

/** As the product mixes them: 40 people, every third pair judged by three, one item in twenty gold, one in thirty repeated. */
export const PROTOCOL: Protocol = { raters: 40, overlapShare: 0.33, overlap: 3, goldShare: 0.05, repeatShare: 0.033 };

export interface SimulatedVote extends Judgement {
  /** Place of the pair. */
  pair: number;
}

export interface Crowd {
  votes: SimulatedVote[];
  /** What each rater is. */
  people: Map<string, Person>;
}

export interface CrowdInput {
  pairs: readonly JudgedPair[];
  /** Places of the pairs to judge. */
  places: readonly number[];
  /** Share of the raters who are `kind`. */
  share: number;
  kind: Exclude<Person, 'honest'>;
  seed: number;
  protocol?: Protocol;
}

export function simulateCrowd({ pairs, places, share, kind, seed, protocol = PROTOCOL }: CrowdInput): Crowd {
  const rng = new Rng(seed);
  const names = Array.from({ length: protocol.raters }, (_, i) => `rater-${i}`);
  const others = new Set(rng.shuffle(names).slice(0, Math.round(share * names.length)));
  const people = new Map(names.map((name): [string, Person] => [name, others.has(name) ? kind : 'honest']));
  // Seven in ten are careful, the others noisy.
  const care = new Map(
    names.map((name) => [name, rng.uniform() < 0.7 ? 0.85 + 0.12 * rng.uniform() : 0.68 + 0.17 * rng.uniform()]),
  );
  const shuffled = rng.shuffle(places);
  const goldItems = shuffled.slice(0, Math.max(4, Math.round(protocol.goldShare * 0.25 * shuffled.length)));
  const items = shuffled.slice(goldItems.length);
  const votes: SimulatedVote[] = [];
  const cast = (name: string, pair: number, isGold: boolean) => {
    const first = rng.uniform() < 0.5 ? 1 : -1;
    const own = pairs[pair]!;
    const isA = voteOf(people.get(name)!, own, { pair, first, isGold, care: care.get(name)!, rng, seed });
    votes.push({
      rater: name,
      kind: 'comparison',
      item: String(pair),
      pair,
      label: isA ? 1 : 0,
      first,
      longer: own.longer,
      ...(isGold && { truth: own.truth }),
    });
  };
  for (const { pair, raters } of handOut(
    items,
    names,
    kind === 'colluding group' ? others : new Set(),
    protocol,
    rng,
  )) {
    for (const name of raters) cast(name, pair, false);
  }
  const ordinary = votes.length;
  for (const name of names) {
    const own = votes.slice(0, ordinary).filter(({ rater }) => rater === name);
    const gold = rng.shuffle(goldItems).slice(0, Math.max(1, Math.round(protocol.goldShare * own.length)));
    for (const pair of gold) cast(name, pair, true);
    for (const { pair } of rng.shuffle(own).slice(0, Math.round(protocol.repeatShare * own.length)))
      cast(name, pair, false);
  }
  return { votes, people };
}

/** Every rater gets about as many. Colluders take the overlapping places of one another's items while there are any. */
function handOut(
  items: readonly number[],
  names: readonly string[],
  colluders: ReadonlySet<string>,
  { overlapShare, overlap }: Protocol,
  rng: Rng,
): { pair: number; raters: string[] }[] {
  const shared = Math.round(overlapShare * items.length);
  const slots = items.map((pair, i) => ({ pair, raters: [] as string[], open: i < shared ? overlap : 1 }));
  const quota = Math.ceil(slots.reduce((sum, { open }) => sum + open, 0) / names.length);
  const left = new Map(names.map((name) => [name, quota]));
  const give = (slot: (typeof slots)[number], name: string) => {
    slot.raters.push(name);
    slot.open--;
    left.set(name, left.get(name)! - 1);
  };
  for (const slot of slots.slice(0, shared)) {
    const free = [...colluders].filter((name) => left.get(name)! > 0);
    for (const name of rng.shuffle(free).slice(0, overlap)) if (free.length >= overlap) give(slot, name);
  }
  for (const slot of rng.shuffle(slots)) {
    while (slot.open > 0) {
      const free = names.filter((name) => !slot.raters.includes(name));
      const tie = new Map(free.map((name) => [name, left.get(name)! + rng.uniform()]));
      give(
        slot,
        free.reduce((best, name) => (tie.get(name)! > tie.get(best)! ? name : best)),
      );
    }
  }
  return slots;
}

interface Situation {
  pair: number;
  first: 1 | -1;
  isGold: boolean;
  /** Probability of voting as one means to. */
  care: number;
  rng: Rng;
  seed: number;
}

function voteOf(person: Person, own: JudgedPair, { pair, first, isGold, care, rng, seed }: Situation): boolean {
  const truth = own.truth === 1;
  const meant = (want: boolean) => (rng.uniform() < care ? want : !want);
  const leaning = (lean: number) => (lean === 0 ? rng.uniform() < 0.5 : lean > 0);
  switch (person) {
    case 'honest':
      return meant(truth);
    case 'taste':
      return meant(isGold || own.taste === 0 ? truth : own.taste > 0);
    case 'flip':
      return meant(!truth);
    case 'random':
      return rng.uniform() < 0.5;
    case 'always first':
      return first > 0;
    case 'longest':
      return leaning(own.longer);
    case 'safe as unsafe':
      return meant(own.cautious === 0 ? truth : own.cautious < 0);
    case 'honest on gold only':
      return meant(isGold ? truth : !truth);
    case 'colluding group':
      // All of them give the same agreed vote, which is usually the wrong one; they know the gold items.
      return isGold || uniformAt(hash32(seed, 31), pair) > 0.85 ? truth : !truth;
  }
}
