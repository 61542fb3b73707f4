// A figure of two policies over the same prompts under the same seeds, and how much of a difference luck explains.

/** One number for each answer, in the same order for both policies. */
export interface Paired {
  candidate: readonly number[];
  parent: readonly number[];
}

/** A difference within so many standard errors may be luck: one gate in 700 is then wrong about an equal candidate. */
export const LUCK = 3;

export const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length;

/** Sample variance; 0 for fewer than two values. */
export function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.length < 2 ? 0 : values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
}

/**
 * Standard error of the mean difference over these very prompts: what another draw of the answers would change. Two
 * policies with one distribution differ by nothing else, however few prompts there are.
 */
export function pairedError({ candidate, parent }: Paired): number {
  const differences = candidate.map((x, i) => x - parent[i]!);
  return Math.sqrt(varianceOf(differences) / Math.max(1, differences.length));
}

/**
 * The same for shares. Pairs that all agree do not prove that no pair differs: one more pair is counted, half of it
 * worse and half of it better (Agresti and Min 2005).
 */
export function pairedShareError(pairs: Paired): number {
  const n = pairs.candidate.length;
  return Math.max(pairedError(pairs), 1 / (n + 1));
}
