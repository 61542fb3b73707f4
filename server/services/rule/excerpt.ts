// Cuts the part of a text that shows why a rule hit it.
import type { Span } from '@/core/constraints/scanner';
import { sentenceEnd } from '@/core/constraints/sentences';
import { wordBoundary } from '@/core/text/beginning';
import type { ExcerptView } from './views';

const AROUND = 160;

/** The hit with some text before and after it; words stay whole. */
export function excerptOf(text: string, { start, end }: Span): ExcerptView {
  const from = wordBoundary(text, start - AROUND);
  const to = Math.max(Math.min(end, text.length), wordBoundary(text, end + AROUND));
  return {
    text: text.slice(from, to),
    ...{ start: Math.min(start, to) - from, end: Math.min(end, to) - from },
    ...{ isCutBefore: from > 0, isCutAfter: to < text.length },
  };
}

/** A part of a text, and where the hit is in it. */
export interface Part extends Span {
  text: string;
}

/** The sentences that the hit touches; the last one, if the text has become shorter than where the hit was. */
export function sentencesAround(text: string, { start, end }: Span): Part {
  let from = 0;
  for (let next = sentenceEnd(text, 0); next !== null && next <= start; next = sentenceEnd(text, from)) from = next;
  let to = from;
  while (to < Math.min(end, text.length)) to = sentenceEnd(text, to) ?? text.length;
  return partOf(text, from, to, { start, end });
}

/** At most `most` characters, cut between words where it can be; of a longer hit, its beginning. */
export function cutAround({ text, start, end }: Part, most: number): Part {
  const room = Math.max(0, most - (end - start));
  let from = Math.max(0, Math.min(start - Math.floor(room / 2), text.length - most));
  let to = Math.min(text.length, from + most);
  if (from > 0) {
    const blank = text.slice(from - 1, start).search(/\s/);
    from = blank >= 0 ? from + blank : wholeBefore(text, from + 1);
  }
  if (to < text.length) {
    const word = text.slice(end, to + 1).search(/\s\S*$/);
    to = word >= 0 ? end + word : wholeBefore(text, to);
  }
  return partOf(text, from, to, { start, end });
}

/** Without blanks at its ends. */
function partOf(text: string, from: number, to: number, { start, end }: Span): Part {
  const part = text.slice(from, to).trimEnd();
  const first = part.length - part.trimStart().length;
  const at = (place: number) => Math.min(Math.max(0, place - from - first), part.length - first);
  return { text: part.slice(first), start: at(start), end: at(end) };
}

function wholeBefore(text: string, at: number): number {
  const isInsidePair = /[\uDC00-\uDFFF]/.test(text[at] ?? '');
  return isInsidePair ? at - 1 : at;
}
