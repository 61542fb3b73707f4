// Reads a character as the search for words does, and writes patterns in the same spelling.
import { characterOf } from '../words/characters';

/** The letter that a character stands for, also as a look-alike or in l33t; null if it has no width. */
export function foldLetter(codePoint: number): number | null {
  const character = characterOf(codePoint);
  return character.isInvisible ? null : character.codePoint;
}

/** A pattern whose letters beyond ASCII are those that foldLetter makes: "が" becomes "か". */
export const foldPattern = (pattern: string): string =>
  pattern.replace(/[^\0-\x7f]/gu, (letter) => String.fromCodePoint(characterOf(letter.codePointAt(0)!).codePoint));
