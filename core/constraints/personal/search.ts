// What the searches for personal data share: how they are compiled, and what stands beside a number.
import { foldCharacter } from '../patterns/fold';
import { compilePattern } from '../patterns/program';
import type { Match, PatternSearch } from '../patterns/search';
import type { Span } from '../scanner';

/** Follows a number: its end, and no mark that more digits follow. A check cuts it off. */
export const AFTER_NUMBER = '(?:$|[^0-9A-Za-z_.\\-/]|[.\\-/]+(?:$|[^0-9A-Za-z_.\\-/]))';

/** Looks for a pattern in any case, and in full-width and interrupted spelling. */
export function searchFolded(pattern: string, longest: number, check: (match: Match) => Span | null): PatternSearch {
  const program = compilePattern(pattern, { ignoreCase: true });
  return { program, longest, fold: foldCharacter, check };
}

export const digitsOf = (text: string) => text.replace(/[^0-9]/g, '');

/** Whether a number goes on to the left, as the second half of "12-34". */
export const continuesLeft = (before: string) => /[0-9A-Za-z_]$|[0-9][.\-/]$|[0-9]{4} $/.test(before);

/** A number of something else: an order, a version, a price. */
export const namesOtherNumber = (before: string) =>
  /(?:\b(?:order|invoice|reference|ref|case|ticket|tracking|serial|part|item|model|batch|account|sku|isbn|issn|doi|pin|code|id|no|nr|total|amount|price)[^0-9A-Za-z]{0,3}(?:number|no|nr|id|code|is|was)?|[#$€£¥№]|注文|番号|品番|型番|価格)[^0-9A-Za-z]{0,4}$/i.test(
    before,
  );

/** From the match's start up to its last character of a kind. */
export function upToLast(text: string, character: RegExp): Span {
  let end = text.length;
  while (end > 0 && !character.test(text[end - 1]!)) end--;
  return { start: 0, end };
}
