// Cuts texts for lists and notes: between words, in every script, and never inside a character.

const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
/** UTF-16 units around a cut that are looked at; a longer word is cut between its characters. */
const AROUND = 64;
/** A text this many times longer than what is shown is not read to its end. */
const MOST_BLANKS = 8;

/** The last place that is not after `at`, an offset in UTF-16 units, and not inside a word. */
export function wordBoundary(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return Math.min(Math.max(at, 0), text.length);
  const from = Math.max(0, at - AROUND);
  const { index } = segmenter.segment(text.slice(from, at + AROUND)).containing(at - from)!;
  if (index > 0) return from + index;
  return /[\uDC00-\uDFFF]/.test(text[at]!) ? at - 1 : at;
}

/** At most `longest` UTF-16 units of a text on one line, with an ellipsis if that is not all. */
export function beginningOf(text: string, longest: number): string {
  const read = text.slice(0, MOST_BLANKS * longest);
  const line = read.trim().replace(/\s+/gu, ' ');
  if (line.length <= longest && read.length === text.length) return line;
  return `${line.slice(0, wordBoundary(line, longest - 1)).trimEnd()}…`;
}
