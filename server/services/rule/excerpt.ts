// Cuts the part of a text that shows why a rule hit it.
import type { Span } from '@/core/constraints/scanner';
import { sentenceEnd } from '@/core/constraints/sentences';
import type { ExcerptView } from './views';

const AROUND = 160;

/** The hit with some text before and after it; characters stay whole. */
export function excerptOf(text: string, { start, end }: Span): ExcerptView {
  const from = wholeBefore(text, Math.max(0, start - AROUND));
  const to = wholeBefore(text, Math.min(text.length, end + AROUND));
  return {
    text: text.slice(from, to),
    ...{ start: Math.min(start, to) - from, end: Math.min(end, to) - from },
    ...{ isCutBefore: from > 0, isCutAfter: to < text.length },
  };
}

/** The sentences that the hit touches. */
export function sentencesAround(text: string, { start, end }: Span): string {
  let from = 0;
  for (let next = sentenceEnd(text, 0); next !== null && next <= start; next = sentenceEnd(text, from)) from = next;
  let to = from;
  while (to < end) to = sentenceEnd(text, to) ?? text.length;
  return text.slice(from, to).trim();
}

function wholeBefore(text: string, at: number): number {
  const isInsidePair = /[\uDC00-\uDFFF]/.test(text[at] ?? '');
  return isInsidePair ? at - 1 : at;
}
