// Control variables of a comparison: how much longer and more formatted one answer is, and which was shown first.

/** FastChat's four elements of style (`add_markdown_info`). */
export interface Style {
  tokens: number;
  headers: number;
  lists: number;
  bold: number;
}

export const CONTROLS = ['tokens', 'headers', 'lists', 'bold', 'position'] as const;

/** Counted in Markdown outside code blocks. */
export function measureStyle(text: string, tokens: number): Style {
  const prose = text.replace(/```[^`]*```/g, '');
  const count = (pattern: RegExp) => prose.match(pattern)?.length ?? 0;
  return {
    tokens,
    headers: count(/^#{1,6}\s/gm),
    lists: count(/^\s*(\d+\.|[-*+])\s/gm),
    bold: count(/\*\*[^*\n]+\*\*|__[^_\n]+__/g),
  };
}

export interface ShownPair {
  a: Style;
  b: Style;
  /** The side that the rater saw first, if one was. */
  first: 'a' | 'b' | null;
}

/**
 * [pairs][CONTROLS]. Each element of style is (a - b) / (a + b + 1), divided by its root mean square over the pairs, so
 * that an effect is per typical difference. FastChat subtracts the mean as well; then the result would depend on which
 * answer of a pair is called a.
 */
export function controlsOf(pairs: readonly ShownPair[]): number[][] {
  const raw = pairs.map(({ a, b, first }) => [
    ...(['tokens', 'headers', 'lists', 'bold'] as const).map((element) => contrast(a[element], b[element])),
    first === null ? 0 : first === 'a' ? 1 : -1,
  ]);
  const scales = CONTROLS.map((_, k) => Math.sqrt(raw.reduce((sum, row) => sum + row[k]! ** 2, 0) / raw.length) || 1);
  return raw.map((row) => row.map((value, k) => value / scales[k]!));
}

const contrast = (a: number, b: number) => (a - b) / (a + b + 1);
