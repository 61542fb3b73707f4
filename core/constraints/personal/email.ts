// Finds addresses of e-mail, also written as "name at example dot com".
import type { Match } from '../patterns/search';
import type { Span } from '../scanner';
import { searchFolded } from './search';

const LETTER = '\\p{Latin}\\p{Greek}\\p{Cyrillic}0-9';
const LOCAL = `[${LETTER}](?:[${LETTER}._%+'\\-]*[${LETTER}_])?`;
const LABEL = `[${LETTER}](?:[${LETTER}\\-]*[${LETTER}])?`;
const TOP = '(?:\\p{Latin}{2,12}|xn--[a-z0-9\\-]+)';
const OPEN = ' {0,2}[(\\[{<] ?';
const CLOSE = ' ?[)\\]}>] {0,2}';
const AT = `(?:${OPEN}(?:at|@)${CLOSE}|アットマーク|アット|あっと)`;
const DOT = `(?:\\.|${OPEN}(?:dot|\\.)${CLOSE}| {1,2}dot {1,2}|ドット|どっと)`;

const AS_WRITTEN = `${LOCAL}@(?:${LABEL}\\.){1,5}${TOP}`;
const MARKED = `${LOCAL}${AT}(?:${LABEL}${DOT}){1,5}${TOP}`;
/** Blanks around the marks. */
const SPACED = `${LOCAL} ?@ ?(?:${LABEL} ?\\. ?){1,5}${TOP}`;
/** The mark for "at" in words, which a sentence may hold as well: a known ending says that it is an address. */
const SPOKEN = `${LOCAL}(?: dot ${LOCAL}){0,3} at (?:${LABEL} dot ){1,5}${TOP}`;

const KNOWN_ENDINGS = new Set(
  (
    'com org net edu gov info biz io ai app dev co me tv uk jp de fr es it nl ca au us in br cn kr ru ch at be se no dk fi pl ' +
    'pt ie nz mx ar cl za tw hk sg eu'
  ).split(' '),
);
/** A picture for a screen of double density: icon@2x.png. */
const PICTURE = /@[1-9]x\./;

export const findEmail = searchFolded(`${AS_WRITTEN}|${MARKED}|${SPACED}|${SPOKEN}`, 254, checkEmail);

function checkEmail({ text }: Match): Span | null {
  if (PICTURE.test(text)) return null;
  const isSpoken = !/[@([{<]|アット|あっと/.test(text);
  const isSpaced = / @|@ | \.|\. /.test(text);
  if (isSpoken || isSpaced) {
    const ending = /[^ .]+$/.exec(text.toLowerCase())?.[0] ?? '';
    if (!KNOWN_ENDINGS.has(ending)) return null;
  }
  return { start: 0, end: text.length };
}
