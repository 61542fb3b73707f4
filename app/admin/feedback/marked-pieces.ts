// Cuts a text at the borders of its marks, which may overlap.
import type { Flaw } from '@/core/feedback/kinds';

interface Piece {
  start: number;
  end: number;
  /** Flaws whose mark covers the piece. */
  flaws: string[];
  /** Those whose mark ends with it. */
  ending: string[];
}

/** The pieces make up the whole text; marks beyond its end are cut off. */
export function markPieces(text: string, flaws: readonly Flaw[]): Piece[] {
  const marks = flaws.flatMap(({ flaw, span }) =>
    span ? [{ flaw, start: Math.min(span.start, text.length), end: Math.min(span.end, text.length) }] : [],
  );
  const borders = new Set([0, text.length, ...marks.flatMap(({ start, end }) => [start, end])]);
  const cuts = [...borders].sort((a, b) => a - b);
  return cuts.slice(0, -1).map((start, i) => {
    const end = cuts[i + 1]!;
    const here = marks.filter((mark) => mark.start <= start && mark.end >= end);
    return {
      ...{ start, end },
      flaws: here.map(({ flaw }) => flaw),
      ending: here.filter((mark) => mark.end === end).map(({ flaw }) => flaw),
    };
  });
}
