// Finds postal addresses as they are written in English, with a number and a kind of street, and in Japanese.
import { foldCharacter } from '../patterns/fold';
import { compilePattern } from '../patterns/program';
import type { PatternSearch } from '../patterns/search';
import { continuesLeft } from './search';

const STREET =
  '(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Parkway|Pkwy|' +
  'Highway|Hwy|Crescent|Cres|Close|Way|Circle|Cir|Trail|Trl|Mews|Gardens|STREET|AVENUE|ROAD|LANE|DRIVE|COURT|BOULEVARD)';
const WORD = "(?:[A-Z][A-Za-z'’]{0,20}|[0-9]{1,3}(?:st|nd|rd|th))";
const FLAT = '(?:,? (?:Apartment|Apt|Suite|Ste|Unit|Flat|Floor|Fl|#)\\.? ?#?[0-9A-Za-z]{1,5})?';
const PLACE = `(?:,? ${WORD}(?: ${WORD}){0,2})?`;
const CODE = '(?:,? (?:[A-Z]{2,3} [0-9]{4,5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}))?';
const ENGLISH = `[0-9]{1,5}[A-Za-z]?,?(?: [NSEW]\\.?)?(?: ${WORD}\\.?){1,3} ${STREET}\\b(?: [NSEW]{1,2}\\b)?\\.?${FLAT}${PLACE}${CODE}`;

const KANA_OR_KANJI = '[\\p{Han}\\p{Hiragana}\\p{Katakana}ー々ケヶ]';
const HYPHEN = '[\\-−‐–—ーの]';
const LOT = `(?:[0-9一二三四五六七八九十]{1,4}(?:丁目|番地|番|号|${HYPHEN})){1,3}(?:[0-9]{1,4}号?)?`;
const JAPANESE =
  `(?:〒 ?[0-9]{3}${HYPHEN}[0-9]{4} ?)?` +
  `(?:北海道|東京都|(?:京都|大阪)府|\\p{Han}{2,3}県)${KANA_OR_KANJI}{1,8}[市区町村郡]${KANA_OR_KANJI}{0,16}?${LOT}`;
const JAPANESE_CODE = `〒 ?[0-9]{3}${HYPHEN}[0-9]{4}`;

const search = (pattern: string, longest: number) => ({
  program: compilePattern(pattern, { ignoreCase: false }),
  longest,
  fold: foldCharacter,
});

export const findPostalAddress: PatternSearch[] = [
  {
    ...search(ENGLISH, 160),
    check: ({ text, before }) => (continuesLeft(before) ? null : { start: 0, end: text.length }),
  },
  search(`${JAPANESE}|${JAPANESE_CODE}`, 100),
];
