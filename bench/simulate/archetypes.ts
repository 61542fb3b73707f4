// Defines the kinds of people in a simulated crowd: honest ones, and the trolls that a product meets (rlhf.md, section 8).
import { AttuneError } from '@/core/errors';
import { hash32, type Rng } from '@/core/rng';
import type { Answer, HiddenPreference } from './preferences';

export type Choice = 'left' | 'right' | 'tie' | 'both_bad';

interface Pair {
  left: Answer;
  right: Answer;
}

interface Judge {
  preference: HiddenPreference;
  /** Probability with which a careful person picks the other side. */
  noise: number;
  rng: Rng;
}

type Archetype = (pair: Pair, judge: Judge) => Choice;

const opposite = (choice: Choice): Choice => (choice === 'left' ? 'right' : choice === 'right' ? 'left' : choice);

/** The higher score wins; `noise` is the probability of choosing the other side. Equal scores are a tie. */
export function byScore(left: number, right: number, noise: number, rng: Rng): Choice {
  if (Math.abs(left - right) < 1e-9) return 'tie';
  const better: Choice = left > right ? 'left' : 'right';
  return rng.uniform() < noise ? opposite(better) : better;
}

const honest =
  (noise: (judge: Judge) => number): Archetype =>
  ({ left, right }, judge) =>
    byScore(judge.preference(left), judge.preference(right), noise(judge), judge.rng);

const careful = honest(({ noise }) => noise);
const longest: Archetype = ({ left, right }, { rng }) => byScore(left.text.length, right.text.length, 0, rng);

const named = <Name extends string>(archetypes: Record<Name, Archetype>) => archetypes;

export const ARCHETYPES = named({
  careful,
  /** Wrong three times in ten. */
  noisy: honest(() => 0.3),
  /** Looks every other time, and takes the first answer otherwise. */
  lazy: (pair, judge) => (judge.rng.uniform() < 0.5 ? 'left' : careful(pair, judge)),
  /** Does not read: either side. */
  random: (_pair, { rng }) => (rng.uniform() < 0.5 ? 'left' : 'right'),
  /** Consistent, with the opposite taste of length: the longer answer that ended is the better one. */
  minority: ({ left, right }, { rng }) =>
    byScore(left.ended ? left.text.length : 0, right.ended ? right.text.length : 0, 0.1, rng),
  flip: (pair, judge) => opposite(careful(pair, judge)),
  first: () => 'left',
  longest,
  /** Calls everything unsafe, however good it is. */
  safe_as_unsafe: () => 'both_bad',
  /** Accounts that act together: all of them pick the same side of a pair, whatever it says. */
  colluding: ({ left, right }) => {
    const [a, b] = [left.text, right.text].map((text) =>
      [...text].reduce((sum, c) => hash32(sum, c.codePointAt(0)!), 7),
    );
    return a! === b! ? 'tie' : a! > b! ? 'left' : 'right';
  },
});

export type ArchetypeName = keyof typeof ARCHETYPES;

/** `careful=0.8,flip=0.2` as one name for each of `people`; the shares must add up to 1. Throws BAD_INPUT. */
export function castCrowd(text: string, people: number): ArchetypeName[] {
  const known = Object.keys(ARCHETYPES).join(', ');
  const shares = text.split(',').map((part) => {
    const [name = '', share = ''] = part.trim().split('=');
    if (!Object.hasOwn(ARCHETYPES, name))
      throw new AttuneError('BAD_INPUT', `There is no archetype ${JSON.stringify(name)}. Choose from ${known}.`);
    if (!/^(0?\.\d+|1|1\.0+|0)$/.test(share))
      throw new AttuneError(
        'BAD_INPUT',
        `The share of ${name} is ${JSON.stringify(share)}; give a number from 0 to 1.`,
      );
    return { name: name as ArchetypeName, share: Number(share) };
  });
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  if (Math.abs(total - 1) > 1e-6)
    throw new AttuneError('BAD_INPUT', `The shares in --crowd add up to ${total.toFixed(3)}; they must add up to 1.`);
  // Largest remainders, so that the counts add up to `people`.
  const counts = shares.map(({ name, share }) => ({
    name,
    count: Math.floor(share * people + 1e-9),
    rest: (share * people) % 1,
  }));
  let left = people - counts.reduce((sum, { count }) => sum + count, 0);
  for (const one of [...counts].sort((a, b) => b.rest - a.rest)) if (left-- > 0) one.count++;
  return counts.flatMap(({ name, count }) => Array.from({ length: count }, () => name));
}
