// What every rule on text must keep: streams equal the whole at any cut, and time is linear in every script.
import { expect } from 'vitest';
import { type Context, findSpans, mergeSpans, NO_CONTEXT, type Span, type TextRule } from '@/core/constraints/scanner';
import { Rng } from '@/core/rng';
import { growth } from '@/test/unit/growth';

/** The hits of a rule, as texts. */
export const hitsOf = (rule: TextRule, text: string, context: Context = NO_CONTEXT): string[] =>
  findSpans(rule, text, context).map(({ start, end }) => text.slice(start, end));

/** Ordinary words, numbers and marks that stand around the words of a rule. */
const FILLERS = [
  'the',
  'A',
  'at',
  '12',
  '-',
  '.',
  ',',
  '今日は',
  '🤖',
  'é',
  '\n',
  '\u200b',
  '（',
  '5',
  'x@',
  ':',
  '"',
  '。',
];

/** Random texts of these words at random splits: what was found, and shown before it was found, is that of the whole. */
export function expectStreamIsWhole(rule: TextRule, words: readonly string[], context: Context = NO_CONTEXT): void {
  let hits = 0;
  for (let seed = 0; seed < 200; seed++) {
    const rng = new Rng(seed);
    const joint = ['', ' ', ' ', ' '][rng.integer(4)]!;
    const text = Array.from({ length: 1 + rng.integer(40) }, () => {
      const from = rng.uniform() < 0.5 ? words : FILLERS;
      return from[rng.integer(from.length)]!;
    }).join(joint);
    const whole = findSpans(rule, text, context);
    hits += whole.length;
    const scanner = rule.scan(context);
    const longest = 1 + rng.integer(8);
    for (let at = 0; at < text.length; ) {
      let size = 1 + rng.integer(longest);
      if (/[\ud800-\udbff]/.test(text[at + size - 1] ?? '')) size++;
      scanner.push(text.slice(at, at + size));
      at += size;
      expect(scanner.decided).toBeLessThanOrEqual(at);
      // What counts as decided must not change with what comes.
      expect(coveredBefore(scanner.found, scanner.decided), JSON.stringify(text)).toEqual(
        coveredBefore(whole, scanner.decided),
      );
    }
    scanner.end();
    expect(mergeSpans(scanner.found), JSON.stringify(text)).toEqual(whole);
    expect(scanner.decided).toBe(text.length);
  }
  expect(hits).toBeGreaterThan(50);
}

function coveredBefore(spans: readonly Span[], end: number): string {
  const covered = new Uint8Array(end);
  for (const span of spans) covered.fill(1, span.start, Math.min(span.end, end));
  return covered.join('');
}

/** Ordinary text of several scripts, and texts without blanks, letters or width. */
const SENTENCES = [
  'All work and no play makes Jack a dull boy. 今日は天気がとても良いので、公園で友だちと昼ごはんを食べました。Съешь ещё булок. ๆกขคงจฉ 🤖\n',
  'a',
  '7-',
  '\u200b',
];

/** A rule that reads so many characters in no time reads the beginning of a text alone. */
const MOST_WHOLE = 1_000_000;

/** Texts of these and of hostile sentences take about twice the time at twice the length, a few characters at a time and whole. */
export function expectLinearTime(rule: TextRule, hostile: readonly string[] = []): void {
  const [ordinary = ''] = SENTENCES;
  for (const sentence of [...SENTENCES, ...hostile]) {
    const textOf = (length: number) => sentence.repeat(Math.ceil(length / sentence.length));
    const stream = (length: number) => {
      const scanner = rule.scan(NO_CONTEXT);
      const text = textOf(length);
      for (let at = 0; at < length; at += 4) scanner.push(text.slice(at, at + 4));
      scanner.end();
      return scanner.found.length;
    };
    expect(growth(stream, 4000), `${JSON.stringify(sentence)} in pieces`).toBeLessThan(3);
    if (sentence !== ordinary && !hostile.includes(sentence)) continue;
    const whole = (length: number) => findSpans(rule, textOf(length)).length;
    expect(growth(whole, 4000, MOST_WHOLE), `${JSON.stringify(sentence)} whole`).toBeLessThan(3);
  }
}

/** A text of a megabyte is read in one piece, and in pieces of a token's size. */
export function expectReadsMegabyte(rule: TextRule, sentence: string): void {
  const text = sentence.repeat(Math.ceil(1_000_000 / sentence.length));
  const one = rule.scan(NO_CONTEXT);
  one.push(text);
  one.end();
  const many = rule.scan(NO_CONTEXT);
  for (let at = 0; at < text.length; at += 4) many.push(text.slice(at, at + 4));
  many.end();
  expect(mergeSpans(many.found)).toEqual(mergeSpans(one.found));
}
