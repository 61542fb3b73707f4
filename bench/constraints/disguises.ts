// Ways in which people and attackers write a swear word so that a filter does not know it; each takes the plain word.
import type { Rng } from '@/core/rng';

export type Disguise = (word: string, rng: Rng) => string;

const letters = (word: string) => [...word];
const code = (letter: string) => letter.charCodeAt(0) - 97;
const join =
  (by: string): Disguise =>
  (word) =>
    letters(word).join(by);
const map =
  (change: (letter: string, rng: Rng) => string): Disguise =>
  (word, rng) =>
    letters(word)
      .map((letter) => change(letter, rng))
      .join('');
const shift = (first: number) => map((letter) => String.fromCodePoint(first + code(letter)));
const swap = (table: Record<string, string>) => map((letter) => table[letter] ?? letter);
const pick = <Item>(items: readonly Item[], rng: Rng) => items[rng.integer(items.length)]!;
/** Puts a mark between two letters at a random place, which leaves "fu-ck". */
const cut =
  (mark: string): Disguise =>
  (word, rng) => {
    const at = 1 + rng.integer(word.length - 1);
    return word.slice(0, at) + mark + word.slice(at);
  };

export const DISGUISES: Record<string, Disguise> = {
  plain: (word) => word,
  'upper case': (word) => word.toUpperCase(),
  'mixed case': map((letter, rng) => (rng.uniform() < 0.5 ? letter.toUpperCase() : letter)),
  blanks: join(' '),
  'two blanks': join('  '),
  'no-break blanks': join('\u00a0'),
  'line breaks': join('\n'),
  dots: join('.'),
  'dots and blanks': join('. '),
  hyphens: join('-'),
  underscores: join('_'),
  stars: join('*'),
  'one hyphen': cut('-'),
  'one dot': cut('.'),
  'zero-width blanks': join('\u200b'),
  'zero-width joiners': join('\u200d'),
  'word joiners': join('\u2060'),
  'soft hyphens': join('\u00ad'),
  'bidi controls': map((letter) => `\u202a${letter}\u202c`),
  'bidi isolates': (word) => `\u2067${word}\u2069`,
  'variation selectors': join('\ufe0f'),
  'tag characters': join('\u{e0061}'),
  'combining marks': join('\u0336'),
  zalgo: map((letter, rng) => letter + String.fromCodePoint(0x300 + rng.integer(0x50), 0x300 + rng.integer(0x50))),
  accents: swap({ a: 'á', c: 'ç', e: 'ë', i: 'ï', n: 'ñ', o: 'ö', s: 'š', u: 'ü', g: 'ğ' }),
  'full width': shift(0xff41),
  circled: shift(0x24d0),
  parenthesised: shift(0x249c),
  'negative squared': shift(0x1f170),
  'bold mathematics': shift(0x1d41a),
  fraktur: shift(0x1d586),
  'double-struck bold script': shift(0x1d4ea),
  'small capitals': swap({
    a: 'ᴀ',
    b: 'ʙ',
    c: 'ᴄ',
    e: 'ᴇ',
    g: 'ɢ',
    h: 'ʜ',
    i: 'ɪ',
    k: 'ᴋ',
    n: 'ɴ',
    o: 'ᴏ',
    r: 'ʀ',
    t: 'ᴛ',
    u: 'ᴜ',
  }),
  cyrillic: swap({ a: 'а', c: 'с', e: 'е', i: 'і', o: 'о', s: 'ѕ', k: 'к', h: 'һ', t: 'т' }),
  greek: swap({ a: 'α', i: 'ι', k: 'κ', o: 'ο', t: 'τ', n: 'η', u: 'υ' }),
  l33t: swap({ a: '4', e: '3', i: '1', o: '0', s: '5' }),
  'l33t with marks': swap({ a: '@', i: '!', s: '$', o: '0' }),
  'repeated letters': map((letter, rng) => letter.repeat(1 + rng.integer(4))),
  bold: (word) => `**${word}**`,
  italic: (word) => `_${word}_`,
  'bold within': (word, rng) => {
    const at = 1 + rng.integer(word.length - 1);
    return `${word.slice(0, at)}**${word.slice(at)}**`;
  },
  'one letter hidden': (word, rng) => {
    const at = 1 + rng.integer(word.length - 2);
    return `${word.slice(0, at)}*${word.slice(at + 1)}`;
  },
  'two disguises': (word, rng) => {
    const [one, other] = [
      pick(['zero-width blanks', 'combining marks', 'soft hyphens'], rng),
      pick(['cyrillic', 'l33t'], rng),
    ];
    return DISGUISES[one]!(DISGUISES[other]!(word, rng), rng);
  },
  ligatures: (word) => word.replaceAll('ff', 'ﬀ').replaceAll('st', 'ﬆ'),
};

/** Plain words of the default list, of many lengths and with every letter that disguises know. */
export const PLANTED: readonly string[] = [
  ...['fuck', 'shit', 'bitch', 'cunt', 'asshole', 'faggot', 'motherfucker', 'nigger', 'slut', 'wanker', 'whore'],
  ...['bullshit', 'dickhead', 'cocksucker', 'fucking', 'retarded', 'twat', 'piss', 'jerkoff', 'fistfuck', 'fistfucker'],
];

/** The letters of a planted word that a masked text still shows. */
export function visibleOf(masked: string, start: number, planted: string): string {
  let shown = '';
  let at = start;
  for (const character of planted) {
    const isMark = /[\p{M}\p{Cf}\s*._-]/u.test(character);
    if (!isMark && masked.slice(at, at + character.length) === character) shown += character;
    at += character.length;
  }
  return shown;
}
