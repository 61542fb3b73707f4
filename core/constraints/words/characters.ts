// What a character counts as when words are looked for: look-alikes and l33t become letters, invisible ones vanish.
import { englishRecommendedTransformers } from 'obscenity';

export interface Character {
  /** The code point itself. */
  written: number;
  /** The code point that it stands for, in lower case. */
  codePoint: number;
  /** The code point in lower case, with nothing else resolved. */
  plain: number;
  /** Characters of two classes have the edge of a word between them; 0 for all that belong to no word. */
  wordClass: number;
  /** A punctuation mark that may stand for a letter, such as `@` or `!`: a word may begin or end at either side of it. */
  isAmbiguous: boolean;
  /** Has no width, or is drawn over the character before it. */
  isInvisible: boolean;
  /** Stands for a letter that the writer hides, as in f*ck. */
  isHidden: boolean;
  isSpace: boolean;
  /** Shows that a hit is a word and not a number. */
  isLetter: boolean;
  /** The letters of a ligature, which is read as them; null for a character that stands for one. */
  letters: readonly Character[] | null;
}

const transformers = (englishRecommendedTransformers.blacklistMatcherTransformers ?? []).flatMap((transformer) =>
  'transform' in transformer ? [transformer] : [],
);

/** Scripts without blanks between words, which may stand next to a word of another script. */
const WITHOUT_BLANKS = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
/** Characters without a width that are neither format nor control characters: marks over Latin letters, fillers, selectors. */
const INVISIBLE: readonly (readonly [number, number])[] = [
  ...([
    [0x300, 0x36f],
    [0x483, 0x489],
    [0x591, 0x5c7],
    [0x64b, 0x65f],
    [0x115f, 0x1160],
    [0x17b4, 0x17b5],
    [0x180b, 0x180e],
    [0x1ab0, 0x1aff],
  ] as const),
  ...([
    [0x1dc0, 0x1dff],
    [0x20d0, 0x20ff],
    [0x3164, 0x3164],
    [0xfe00, 0xfe0f],
    [0xfe20, 0xfe2f],
  ] as const),
  ...([
    [0xffa0, 0xffa0],
    [0xe0100, 0xe01ef],
  ] as const),
];
const FORMAT_OR_CONTROL = /[\p{Cf}\p{Cc}]/u;

const isListed = (codePoint: number) => INVISIBLE.some(([first, last]) => first <= codePoint && codePoint <= last);

/** How a code point is read; `codePoint` is the one it stands for. */
function describe(codePoint: number): Character {
  const text = String.fromCodePoint(codePoint);
  const isSpace = /[\s\u2800]/u.test(text);
  const isWord = /[\p{L}\p{N}\p{M}]/u.test(text);
  const resolved = resolve(codePoint);
  const isAmbiguous = !isWord && !isSpace && /\p{L}/u.test(String.fromCodePoint(resolved));
  return {
    written: codePoint,
    codePoint: isSpace ? 0x20 : resolved,
    plain: isSpace ? 0x20 : (text.toLowerCase().codePointAt(0) ?? codePoint),
    wordClass: isWord ? (WITHOUT_BLANKS.test(text) ? 2 : 1) : 0,
    isAmbiguous,
    isInvisible: !isSpace && (isListed(codePoint) || FORMAT_OR_CONTROL.test(text)),
    isHidden: text === '*',
    isSpace,
    isLetter: /[\p{L}@$]/u.test(text) || (codePoint > 127 && isAmbiguous),
    letters: ligatureOf(text),
  };
}

function ligatureOf(text: string): Character[] | null {
  const letters = text.normalize('NFKD').toLowerCase();
  return text.charCodeAt(0) > 127 && /^[a-z]{2,}$/.test(letters)
    ? [...letters].map((letter) => characterOf(letter.codePointAt(0)!))
    : null;
}

/** A character as patterns see it: look-alikes become ASCII and l33t becomes letters, all in lower case. */
export function resolve(codePoint: number): number {
  const styled = plainLetter(codePoint);
  if (styled !== null) return styled;
  const known = obscene(isKana(codePoint) ? foldKana(codePoint) : codePoint);
  if (known < 0x80 || isHangul(known) || isKana(known)) return known;
  // What obscenity does not know: styled letters of other alphabets, and letters with marks.
  const [base = ''] = String.fromCodePoint(known).normalize('NFKD').toLowerCase();
  const found = base.codePointAt(0) ?? known;
  return found < 0x80 ? obscene(found) : found;
}

/** Iota is an i and no l; and a styled letter is the letter that Unicode says it is, which obscenity has otherwise for some. */
function plainLetter(codePoint: number): number | null {
  if (codePoint < 0x80) return null;
  const base = String.fromCodePoint(codePoint).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  if (base === 'ι') return 0x69;
  return /^[a-z]$/.test(base) ? base.codePointAt(0)! : null;
}

/** Hangul syllables and kana are letters of their own: their parts in NFKD are no look-alikes. */
const isHangul = (codePoint: number) => codePoint >= 0xac00 && codePoint <= 0xd7a3;
const isKana = (codePoint: number) =>
  (codePoint >= 0x3041 && codePoint <= 0x30ff) || (codePoint >= 0xff66 && codePoint <= 0xff9f);

/** Half-width and katakana become hiragana; a sound mark after a letter is a character of its own. */
function foldKana(codePoint: number): number {
  const [wide = ''] = String.fromCodePoint(codePoint).normalize('NFKC').trim();
  const found = wide.codePointAt(0) ?? codePoint;
  return found >= 0x30a1 && found <= 0x30f6 ? found - 0x60 : found;
}

function obscene(codePoint: number): number {
  return transformers.reduce((out, transformer) => transformer.transform(out) ?? out, codePoint);
}

const ascii = Array.from({ length: 128 }, (_, codePoint) => describe(codePoint));
const others = new Map<number, Character>();

/** How a code point is read when words are looked for. */
export function characterOf(codePoint: number): Character {
  if (codePoint < 128) return ascii[codePoint]!;
  let known = others.get(codePoint);
  if (!known) {
    known = describe(codePoint);
    others.set(codePoint, known);
  }
  return known;
}

/** Equal letters in a row count as at most two of these, and as one of any other. */
const DOUBLED = new Set([...'begols'].map((letter) => letter.codePointAt(0)!));
export const mostInARow = (codePoint: number) =>
  codePoint >= 0x0e00 && characterOf(codePoint).wordClass === 2 ? Infinity : DOUBLED.has(codePoint) ? 2 : 1;

/** The code points of a word as patterns see it. */
export function normalise(word: string): number[] {
  const out: number[] = [];
  for (const character of word) {
    const { codePoint, isInvisible } = characterOf(character.codePointAt(0)!);
    if (isInvisible) continue;
    const most = mostInARow(codePoint);
    if (out.length >= most && out.slice(-most).every((before) => before === codePoint)) continue;
    out.push(codePoint);
  }
  return out;
}
