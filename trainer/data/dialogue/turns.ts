// Reads raw text as paragraphs with speaker prefixes: "Gopher: ", "Dr Smith - ", "Q. ", with or without a time before them.

export interface Paragraph {
  /** Null when no prefix was found. */
  speaker: string | null;
  text: string;
}

const TIME = String.raw`[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?(?:\s?[AaPp]\.?[Mm]\.?)?[\])]?`;
const LEADING_TIME = new RegExp(`^${TIME}\\s*(?:[-–—]\\s+)?`, 'u');
/** A time or a cue between name and separator: "Ana (00:12):", "BOB [off camera]:". */
const ASIDE = String.raw`(?:\s*(?:${TIME}|\[[^\]]{1,40}\]|\([^)]{1,40}\)))*`;
const NAME = String.raw`[\p{L}][\p{L}\p{M}\p{N}.'’&/ -]{0,39}?`;
/** A colon before a blank, a full-width colon, or a dash between blanks: the first of them ends the prefix. */
const NAMED = new RegExp(`^(${NAME})${ASIDE}\\s?(?::(?=\\s|$)|：|\\s[-–—](?=\\s|$))\\s*`, 'u');
/** "Q. ", "A1. ", "Q) ", "A - ". */
const QUESTION = /^([QA])\s?\d{0,3}\s?(?:[.):]|\s[-–—])(?=\s|$)\s*/u;
/** "M. " without a colon: initials of a speaker. "J. Smith: " has a colon and is matched by NAMED. */
const INITIAL = /^(\p{Lu}{1,2})\.(?=\s)\s*/u;
/** A line that holds only this belongs to no speaker. */
const ONLY_DIRECTION = /^(?:\[[^\]]*\]|\([^)]*\)|\*[^*]+\*|[-–—_*=~.\s]+)$/u;
const ONLY_TIME = new RegExp(`^${TIME}(?:\\s*(?:-->|[-–—])\\s*${TIME})?$`, 'u');
const MARKED_UP = /^(?:\*\*|__)(.{1,60}?)(?:\*\*|__)/u;

/** Makes line ends and blanks plain, drops invisible characters, composes the others so that a name has one spelling. */
export function normaliseText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\r\n?|[\u2028\u0085]/gu, '\n')
    .replace(/\u2029/gu, '\n\n')
    .replace(/[\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e]/gu, '')
    .replace(/[^\S\n]+/gu, ' ');
}

/**
 * Paragraphs are blocks between empty lines. In a block with several prefixed lines each of them begins a paragraph,
 * and a line without a prefix continues the one before it. Lines with only a stage direction or a time belong to no
 * speaker.
 */
export function readParagraphs(text: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  for (const block of normaliseText(text).split(/\n\s*\n/u)) {
    let lines: string[] | null = null; // of the current paragraph, joined once, because there may be very many
    const close = () => {
      if (lines) paragraphs.at(-1)!.text = lines.join(' ').trim();
    };
    for (const line of block.split('\n').map((line) => line.trim())) {
      if (!line || ONLY_TIME.test(line) || ONLY_DIRECTION.test(line)) continue;
      const prefix = readPrefix(line);
      if (prefix || !lines) {
        close();
        const begun = prefix ?? { speaker: null, text: line };
        paragraphs.push(begun);
        lines = [begun.text];
      } else {
        lines.push(line);
      }
    }
    close();
  }
  return joinBareNames(paragraphs);
}

function readPrefix(line: string): Paragraph | null {
  const plain = line.replace(MARKED_UP, '$1').replace(LEADING_TIME, '').replace(MARKED_UP, '$1');
  const found = QUESTION.exec(plain) ?? NAMED.exec(plain) ?? INITIAL.exec(plain);
  if (!found || !isName(found[1]!)) return null;
  return { speaker: normaliseSpeaker(found[1]!), text: plain.slice(found[0].length).trim() };
}

/** At most five words; more is a sentence with a colon in it. */
const isName = (name: string) => name.trim().split(' ').length <= 5;

/** "DR. SMITH" and "Dr Smith" are one person. */
export const normaliseSpeaker = (name: string) => name.replace(/\./gu, '').replace(/\s+/gu, ' ').trim().toUpperCase();

/** Joins "Ana:" on a separate line with what she says in the next block. */
function joinBareNames(paragraphs: Paragraph[]): Paragraph[] {
  const joined: Paragraph[] = [];
  for (const paragraph of paragraphs) {
    const before = joined.at(-1);
    if (paragraph.speaker === null && before?.speaker && before.text === '') before.text = paragraph.text;
    else joined.push({ ...paragraph });
  }
  return joined;
}
