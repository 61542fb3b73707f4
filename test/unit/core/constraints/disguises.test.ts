// Swear words in every disguise, cut at random and in any surrounding: nothing of them is ever shown.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DISGUISES, PLANTED, visibleOf } from '@/bench/constraints/disguises';
import { judge, maskText } from '@/core/constraints/judge';
import { DEFAULT_RULES } from '@/core/constraints/rules';
import { Rng } from '@/core/rng';
import { splitAtRandom, streamed } from './streams';

/** Next to the planted word: no other letter alone, with which it might be one longer word that is spelt out. */
const neighbour = fc.constantFrom('the', 'a', 'I', 'dog', 'class', '12', '今日は', 'été', 'Москва', '🤖', '-', '—');
/** Words of many scripts, marks, and anything else that Unicode has. */
const words = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'the',
        'a',
        'I',
        'dog',
        'class',
        '12',
        'x',
        '今日は',
        'été',
        'Москва',
        '🤖',
        '-',
        '—',
        '*',
        '`',
        '\n',
      ),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(' '));
const before = fc.tuple(words, neighbour).map((parts) => parts.join(' '));
const after = fc.tuple(neighbour, words).map((parts) => parts.join(' '));
const orNothing = (text: fc.Arbitrary<string>) => fc.oneof({ weight: 4, arbitrary: text }, fc.constant(''));
/** What may stand right before and after a word that is forbidden as a whole. */
const BEFORE = [' ', '\n', ' (', ' "', '、', '。', ', ', ': '];
const AFTER = [' ', '\n', ')', '"', '。', ', ', '. ', '! ', '? '];

test.each(Object.keys(DISGUISES))('no letter of a word with %s is shown, at any cut', (name) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PLANTED),
      orNothing(before),
      orNothing(after),
      fc.nat(),
      (word, before, after, seed) => {
        const rng = new Rng(seed);
        const planted = DISGUISES[name]!(word, rng);
        const head = before && before + BEFORE[rng.integer(BEFORE.length)];
        const text = head + planted + (after && AFTER[rng.integer(AFTER.length)] + after);
        const whole = maskText(text, judge(DEFAULT_RULES, text).hits);
        expect(visibleOf(whole, head.length, planted), JSON.stringify(text)).toBe('');
        expect(streamed(DEFAULT_RULES, splitAtRandom(text, rng, 1 + rng.integer(6))), JSON.stringify(text)).toBe(whole);
      },
    ),
    { seed: 15, numRuns: 150 },
  );
});
