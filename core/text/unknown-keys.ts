// Names the keys that a strict zod object does not know, each with the known one that was probably meant.
import type { z } from 'zod';

/** How many known names to list if none is similar. */
const MOST_LISTED = 12;

/** For `safeParse(value, { error: nameUnknownKeys })`: every other issue keeps zod's own words. */
export const nameUnknownKeys: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const { def } = (issue.inst as z.ZodObject)._zod;
  return describeUnknownKeys(issue.keys, Object.keys(def.shape));
};

/** One sentence for each unknown name: `"iteratoins" is not known; did you mean "iterations"?` */
export function describeUnknownKeys(unknown: readonly string[], known: readonly string[]): string {
  return unknown
    .map((name) => {
      const near = nearestName(name, known);
      const names = known.slice(0, MOST_LISTED).join(', ');
      const rest = known.length > MOST_LISTED ? ', …' : '';
      return `${JSON.stringify(name)} is not known${near ? `; did you mean "${near}"?` : `; known are ${names}${rest}.`}`;
    })
    .join(' ');
}

/** The known name with the fewest edits, if they are few enough for a typing mistake; ignores case, "-" and "_". */
export function nearestName(name: string, known: readonly string[]): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/gu, '');
  let best: { name: string; edits: number } | null = null;
  for (const candidate of known) {
    const edits = editDistance(plain(name), plain(candidate));
    if (edits <= Math.max(1, candidate.length / 3) && (!best || edits < best.edits)) best = { name: candidate, edits };
  }
  return best?.name ?? null;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
