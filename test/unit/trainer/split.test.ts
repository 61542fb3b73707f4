// The split puts no prompt on both sides, keeps persons and conversations whole, and is stable between snapshots.
import { describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { normaliseText } from '@/core/text/text';
import { conversationsOf, dialogueKeys } from '@/trainer/data/conversations';
import { type Asked, promptKeyOf, splitAsked } from '@/trainer/data/split';

/** In these tests prompts are code points; a key is their text as the split compares it. */
const idsOf = (text: string) => Array.from(text, (c) => c.codePointAt(0)!);
const keyOf = (ids: readonly number[]) => normaliseText(String.fromCodePoint(...ids));
const ask = (text: string, origin: Omit<Asked, 'promptIds'> = {}): Asked => ({ promptIds: idsOf(text), ...origin });

const SPELLINGS = [
  (text: string) => text,
  (text: string) => `${text} `,
  (text: string) => `\n ${text}`,
  (text: string) => text.replaceAll(' ', '\u00a0 '),
  (text: string) => text.normalize('NFD'),
];

describe('splitAsked', () => {
  it('puts no prompt on both sides, whatever its spelling, its askers and its side in earlier snapshots', () => {
    for (let seed = 0; seed < 300; seed++) {
      const rng = new Rng(seed);
      const pick = (count: number) => Math.floor(rng.uniform() * count);
      const [prompts, persons] = [1 + pick(60), 1 + pick(20)];
      const knowsOrigin = rng.uniform() < 0.7;
      const asked = Array.from({ length: 1 + pick(200) }, () =>
        ask(SPELLINGS[pick(SPELLINGS.length)]!(`Où est ${pick(prompts)}?`), {
          ...(knowsOrigin && { person: `p${pick(persons)}`, conversation: `c${pick(80)}` }),
          ...(rng.uniform() < 0.2 && { given: rng.uniform() < 0.5 ? ('train' as const) : ('heldout' as const) }),
        }),
      );
      const sides = splitAsked(asked, keyOf);
      expect(sides).toHaveLength(asked.length);
      const of = (side: string) =>
        new Set(asked.flatMap(({ promptIds }, i) => (sides[i] === side ? keyOf(promptIds) : [])));
      const trained = of('train');
      expect([...of('heldout')].filter((key) => trained.has(key))).toEqual([]);
      // A row that is left out has a prompt that is trained on, so no prompt is lost.
      asked.forEach(({ promptIds }, i) => {
        if (sides[i] === null) expect(trained).toContain(keyOf(promptIds));
      });
    }
  });

  it('holds out whole persons if there are enough, or else whole conversations, or else single prompts', () => {
    const talk = (person: number, turn: number) =>
      ask(`question ${person}.${turn}`, { person: `p${person}`, conversation: `c${person}.${Math.floor(turn / 2)}` });
    const sidesBy = (asked: Asked[], name: 'person' | 'conversation') => {
      const sides = splitAsked(asked, keyOf);
      const found = new Map<string, Set<string | null>>();
      for (const [i, item] of asked.entries()) {
        found.set(item[name]!, (found.get(item[name]!) ?? new Set()).add(sides[i]!));
      }
      return [...found.values()].map((each) => [...each]);
    };
    const many = Array.from({ length: 40 }, (_, p) => Array.from({ length: 6 }, (_, t) => talk(p, t))).flat();
    expect(sidesBy(many, 'person').every((sides) => sides.length === 1)).toBe(true);
    expect(sidesBy(many, 'person').filter(([side]) => side === 'heldout').length).toBeGreaterThan(1);
    const two = Array.from({ length: 2 }, (_, p) => Array.from({ length: 80 }, (_, t) => talk(p, t))).flat();
    expect(sidesBy(two, 'conversation').every((sides) => sides.length === 1)).toBe(true);
    expect(sidesBy(two, 'person').some((sides) => sides.length === 2)).toBe(true);
    const one = Array.from({ length: 40 }, (_, t) => ask(`question ${t}`, { person: 'p', conversation: 'c' }));
    expect(splitAsked(one, keyOf).filter((side) => side === 'heldout').length).toBeGreaterThan(1);
  });

  it('holds out some prompts even if everyone asks the same ones', () => {
    const asked = Array.from({ length: 30 }, (_, p) =>
      Array.from({ length: 40 }, (_, t) => ask(`shared ${t}`, { person: `p${p}`, conversation: `c${p}.${t}` })),
    ).flat();
    const sides = splitAsked(asked, keyOf);
    const held = new Set(asked.flatMap(({ promptIds }, i) => (sides[i] === 'heldout' ? [String(promptIds)] : [])));
    expect(held.size).toBeGreaterThan(1);
    expect(held.size).toBeLessThan(15);
  });

  it('keeps a prompt on its side when the set grows; about one in eight is held out; four prompts give two', () => {
    const prompts = Array.from({ length: 2000 }, (_, i) => ask(`prompt ${i}`));
    const sides = splitAsked(prompts, keyOf);
    // 2000 x 0.125 = 250; four standard deviations are 59.
    expect(Math.abs(sides.filter((side) => side === 'heldout').length - 250)).toBeLessThan(59);
    expect(splitAsked(prompts.slice(0, 1000), keyOf)).toEqual(sides.slice(0, 1000));
    const heldOf = (count: number) =>
      splitAsked(prompts.slice(0, count), keyOf).filter((side) => side === 'heldout').length;
    expect([1, 2, 3, 4].map(heldOf)).toEqual([0, 1, 1, 2]);
    // Whatever the hash, a single prompt is trained on, and two of four are held out.
    for (let i = 0; i < 100; i++) {
      expect(splitAsked([ask(`alone ${i}`)], keyOf)).toEqual(['train']);
      const four = splitAsked(
        [0, 1, 2, 3].map((n) => ask(`few ${i} ${n}`)),
        keyOf,
      );
      expect(four.filter((side) => side === 'heldout')).toHaveLength(2);
    }
  });

  it('a snapshot with one held-out prompt gets another, so that a gain can be judged', () => {
    const sides = splitAsked(
      Array.from({ length: 12 }, (_, i) => ask(`prompt ${i}`, { given: i ? 'train' : 'heldout' })),
      keyOf,
    );
    expect(sides[0]).toBe('heldout');
    expect(sides.filter((side) => side === 'heldout')).toHaveLength(2);
  });

  it('a prompt stays on the side that a snapshot gave it, and on the held-out side if it was on both', () => {
    const others = Array.from({ length: 20 }, (_, i) => ask(`other ${i}`));
    for (const given of ['train', 'heldout'] as const) {
      const sides = splitAsked([ask('Hi', { given }), ask(' Hi\n'), ...others], keyOf);
      expect(sides.slice(0, 2)).toEqual([given, given]);
    }
    const both = splitAsked([ask('Hi', { given: 'train' }), ask('Hi ', { given: 'heldout' }), ...others], keyOf);
    expect(both.slice(0, 2)).toEqual(['heldout', 'heldout']);
  });
});

describe('the key of a prompt', () => {
  const decode = (ids: readonly number[]) => String.fromCodePoint(...ids);
  const key = promptKeyOf({ decode, isSpecial: (id) => id === 0x3c });

  it('ignores blanks next to special tokens and how characters are composed, but not turn boundaries', () => {
    expect(key(idsOf('<user\nHi <'))).toBe(key(idsOf('<user Hi<')));
    expect(key(idsOf('<Ou\u0300<'))).toBe(key(idsOf('<O\u00f9<')));
    expect(key(idsOf('<a<b<'))).not.toBe(key(idsOf('<a b<')));
  });
});

describe('conversations of files', () => {
  const user = (content: string) => ({ role: 'user', content });
  const bot = (content: string) => ({ role: 'assistant', content });
  const placed = (line: number, ...turns: { role: string; content: string }[]) => ({
    names: [`line ${line}`],
    dialogue: dialogueKeys(turns),
  });

  it('a dialogue belongs to the one that it continues, if that one is also a prompt', () => {
    const [first, second, third, other] = conversationsOf([
      placed(1, user('Hi'), bot('Hello'), user('And? ')),
      placed(2, user('Hi'), bot('Hello'), user('And?'), bot('So'), user('Bye')),
      placed(3, user('Hi'), bot('Good day'), user('What?')),
      placed(4, user('Ho')),
    ]);
    expect(second).toBe(first);
    expect(new Set([first, third, other]).size).toBe(3);
  });
});
