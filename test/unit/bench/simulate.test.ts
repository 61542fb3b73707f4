// The simulated crowd has a hidden preference, votes with noise, and never votes on a held-out question.
import { describe, expect, it } from 'vitest';
import { ARCHETYPES, byScore, castCrowd } from '@/bench/simulate/archetypes';
import { brief, friendliness, friendly } from '@/bench/simulate/preferences';
import { splitPrompts } from '@/bench/simulate/prompts';
import { Rng } from '@/core/rng';

const words = (n: number) => Array.from({ length: n }, () => 'word').join(' ');

describe('the preference "brief"', () => {
  it.each([
    [0, 0],
    [2, 0],
    [5, 0.5], // (5 - 2) / 6
    [8, 1],
    [30, 1],
    [45, 0.5], // (60 - 45) / 30
    [60, 0],
    [200, 0],
  ])('gives %i words the score %f', (count, score) => {
    expect(brief({ text: words(count), ended: true })).toBeCloseTo(score, 12);
  });

  it('gives no score to an answer that was cut off', () => {
    expect(brief({ text: words(20), ended: false })).toBe(0);
  });
});

describe('the preference "friendly"', () => {
  it.each([
    ['It depends.', 0],
    ['Hello! I am glad to help.', 2], // Hello, !, glad, help
    ['Thank you!', 1], // two words that are one sign, plus !
    ['thanks THANKS Hi', 1.5],
    ['This is history; Hispanic goods', 0], // no sign inside a word
    ['!!!!!!!!!!!!', 3], // capped at six
  ])('gives %j %f points', (text, points) => {
    expect(friendliness(text)).toBe(points);
    expect(friendly({ text, ended: false })).toBeCloseTo(points / 3, 12);
  });
});

describe('a vote', () => {
  it('goes to the other side as often as the noise says', () => {
    const rng = new Rng(1);
    const flips = Array.from({ length: 5000 }, () => byScore(1, 0, 0.1, rng)).filter((side) => side === 'right').length;
    // Binomial(5000, 0.1): mean 500, deviation 21; five deviations are 106.
    expect(Math.abs(flips - 500)).toBeLessThan(106);
  });

  it('between equal scores is a tie', () => {
    expect(byScore(0.5, 0.5, 0.1, new Rng(1))).toBe('tie');
  });
});

describe('the questions', () => {
  it('are divided into voted-on and held-out ones without overlap', () => {
    const { voted, heldOut } = splitPrompts(3, 100);
    expect(heldOut).toHaveLength(100);
    expect(voted.length).toBeGreaterThanOrEqual(100);
    expect(new Set([...voted, ...heldOut]).size).toBe(voted.length + heldOut.length);
  });

  it('are divided in the same way for the same seed, and differently for another', () => {
    expect(splitPrompts(3, 100)).toEqual(splitPrompts(3, 100));
    expect(splitPrompts(3, 100).heldOut).not.toEqual(splitPrompts(4, 100).heldOut);
  });
});

describe('a crowd', () => {
  const short = { text: words(10), ended: true }; // brief: 1
  const long = { text: words(90), ended: true }; // brief: 0
  const judge = { preference: brief, noise: 0, rng: new Rng(5) };

  it.each([
    ['careful', 'left', 'right'],
    ['flip', 'right', 'left'],
    ['first', 'left', 'left'],
    ['longest', 'right', 'left'],
    ['safe_as_unsafe', 'both_bad', 'both_bad'],
  ] as const)(
    'has %s, who picks %s of a short and a long answer, and %s of a long and a short one',
    (name, one, two) => {
      expect(ARCHETYPES[name]({ left: short, right: long }, judge)).toBe(one);
      expect(ARCHETYPES[name]({ left: long, right: short }, judge)).toBe(two);
    },
  );

  it('has accounts that act together: they pick the same answer, on whichever side it is shown', () => {
    const picks = ARCHETYPES.colluding({ left: short, right: long }, judge);
    expect(ARCHETYPES.colluding({ left: long, right: short }, judge)).toBe(picks === 'left' ? 'right' : 'left');
  });

  it('is cast by largest remainders: 7 people as 0.5, 0.3, 0.2 are 3.5, 2.1, 1.4, so 4, 2 and 1', () => {
    const cast = castCrowd('careful=0.5, flip=0.3,first=0.2', 7);
    expect(cast).toEqual(['careful', 'careful', 'careful', 'careful', 'flip', 'flip', 'first']);
  });

  it.each([
    ['careful=0.5,troll=0.5', /no archetype "troll"\. Choose from careful, noisy/],
    ['careful=0.5', /add up to 0\.500; they must add up to 1/],
    ['careful=lots', /The share of careful is "lots"/],
  ])('cast as %s is refused', (text, message) => {
    expect(() => castCrowd(text, 6)).toThrow(message);
  });
});
