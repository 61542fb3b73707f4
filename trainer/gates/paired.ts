// A figure of two policies over the same prompts under the same seeds, and how much of a difference luck explains.

/** One number for each answer, in the same order for both policies. */
export interface Paired {
  candidate: readonly number[];
  parent: readonly number[];
}

/** Standard errors that may be luck, if the error is known exactly: one gate in 700 is then wrong about an equal candidate. */
export const LUCK = 3;

/**
 * The same where the error is itself estimated from few pairs: Student's t quantile at the normal quantile `normal`, by its
 * expansion (Abramowitz and Stegun 26.7.5).
 */
export function luckOf(pairs: number, normal = LUCK): number {
  const z = normal;
  const freedom = Math.max(1, pairs - 1);
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

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
