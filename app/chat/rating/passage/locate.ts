// Pure functions between an answer's text and its markdown: where a piece that is shown stands in it, and its sentences.
import type { Span } from '@/core/feedback/kinds';

/** A piece of the answer as the browser draws it, and where it stands in the markdown. */
export interface Place {
  /** Offsets in the markdown, in UTF-16 units: [start, end). */
  start: number;
  end: number;
  /** False for text that the markdown has in another form, such as an entity; its place is only an outline. */
  isExact: boolean;
}

/** The pieces in order; one that is not found takes the gap between its neighbours. */
export function locatePieces(pieces: readonly string[], markdown: string): Place[] {
  let from = 0;
  const found = pieces.map((piece) => {
    const at = piece.trim() === '' ? -1 : markdown.indexOf(piece, from);
    if (at < 0) return null;
    from = at + piece.length;
    return { start: at, end: from, isExact: true };
  });
  let next = markdown.length;
  const nextStarts = found.map(() => 0);
  for (let i = found.length - 1; i >= 0; i--) {
    nextStarts[i] = next;
    next = found[i]?.start ?? next;
  }
  let last = 0;
  return found.map((place, i) => {
    if (place) last = place.end;
    return place ?? { start: last, end: nextStarts[i]!, isExact: false };
  });
}

/** Without the blanks at its ends; null if nothing else is left. */
export function trimSpan({ start, end }: Span, text: string): Span | null {
  const words = text.slice(start, end);
  const from = start + (words.length - words.trimStart().length);
  const to = end - (words.length - words.trimEnd().length);
  return from < to ? { start: from, end: to } : null;
}

const HAS_WORDS = /[\p{L}\p{N}]/u;

/** The sentences of an answer, for people who choose one from a list instead of selecting text. */
export function sentencesOf(text: string): Span[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });
  return [...segmenter.segment(text)].flatMap(({ segment, index }) => {
    const span = HAS_WORDS.test(segment) ? trimSpan({ start: index, end: index + segment.length }, text) : null;
    return span ?? [];
  });
}
