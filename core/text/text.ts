// Measures text in every script, and makes excerpts of it for error messages.
import { printable } from './printable';

/** Scripts written without spaces between words, and their shared marks (ー, 々). */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Tibetan}]+/gu;
const HAS_LETTER = /[\p{L}\p{N}]/u;

/**
 * Segmenter.segment is quadratic in its input (Node 20: 1.4 million characters per second in pieces of 100 to 400, four
 * thousand in one piece of 100,000), so a long run is cut into pieces; each cut splits at most one word in two.
 */
export const PIECE = 256;
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

const IS_UNSPACED = new RegExp(`^${UNSPACED.source}$`, 'u');
export const isUnspaced = (character: string): boolean => character > '\x7f' && IS_UNSPACED.test(character);

/** Counts words as a speaker would: by spaces if the script has them, else by dictionary. */
export function countWords(text: string): number {
  let words = 0;
  const spaced = text.replace(UNSPACED, (run) => {
    for (let at = 0; at < run.length; at += PIECE) words += wordsOfPiece(run.slice(at, at + PIECE)).length;
    return ' ';
  });
  for (const word of spaced.split(/\s+/u)) if (HAS_LETTER.test(word)) words++;
  return words;
}

/** Where each word begins in a piece of a text that has no blanks. */
export const wordsOfPiece = (piece: string): number[] =>
  Array.from(segmenter.segment(piece)).flatMap(({ isWordLike, index }) => (isWordLike ? [index] : []));

/** The same form for every spelling of a text: composed characters, single spaces, none at the ends. */
export const normaliseText = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim();

/** The beginning of a foreign text on one line, for an error message: what could harm a terminal is escaped. */
export function excerpt(text: string, longest = 80): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return printable(cut).replace(/[\n\t\p{Cs}\ufffd]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
