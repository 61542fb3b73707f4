// A version's fingerprint: what its adapter changes about fixed texts, by which an engine proves that it serves these weights.
import { z } from 'zod';
import { AttuneError } from '../errors';

const Ids = z.array(z.int().min(0)).min(1);

export const Fingerprint = z.strictObject({
  /** Texts whose completions are scored. */
  probes: z.array(z.strictObject({ promptIds: Ids, completionIds: Ids })).min(1),
  /**
   * By how many nats the adapter raises log p of each completion token over the base's, all probes in a row, as the
   * trainer computes it. Differences from the base, because quantisation moves both alike.
   */
  effect: z.array(z.number()),
  /** The same for the parent; zeros if that is the base. */
  parentEffect: z.array(z.number()),
});
export type Fingerprint = z.infer<typeof Fingerprint>;

/** Questions and answers that every base can read. */
export const PROBE_TEXTS = [
  ['What should I do on a rainy day?', 'You could read a book, cook something warm, or call a friend you miss.'],
  ['Explain gravity in one sentence.', 'Gravity pulls things toward each other, and heavier things pull harder.'],
  ['元気ですか？', 'はい、元気です。今日は何をお手伝いしましょうか？'],
] as const;

/** Whose weights answer. `unknown`: those of neither the version nor its base nor its parent. */
export type Owner = 'version' | 'base' | 'parent' | 'unknown';

export interface Reading {
  owner: Owner;
  /** Root mean square of measured less recorded effect, in nats. */
  distance: number;
  /** Above it the weights are not the version's: rounding does not reach so far, or base or parent are nearer. */
  limit: number;
  /** What the version cannot be told from, because it differs too little. */
  alike: ('base' | 'parent')[];
}

/**
 * How far rounding to int8 may move effects, in nats, and as a part of the effect. On the default base it moves them by
 * 0.13 nats (root mean square over the 75 probe tokens), however small the effect is.
 */
const ROUNDING = 0.35;
const ROUNDING_PART = 0.5;
/**
 * Effects nearer to each other than this are alike: over 75 tokens such rounding reaches half of it once in thousands of
 * loads.
 */
const APART = 0.12;

/** Compares the effect that an engine measures with the recorded one. */
export function readFingerprint({ effect, parentEffect }: Fingerprint, measured: readonly number[]): Reading {
  const zeros = effect.map(() => 0);
  const others = { base: zeros, parent: parentEffect };
  const names = ['base', 'parent'] as const;
  const alike = names.filter((name) => distanceOf(effect, others[name]) < APART);
  const distance = distanceOf(measured, effect);
  const tolerance = Math.max(ROUNDING, ROUNDING_PART * distanceOf(effect, zeros));
  const nearest = names
    .filter((name) => !alike.includes(name))
    .map((name) => ({ name, distance: distanceOf(measured, others[name]) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const limit = Math.min(tolerance, nearest?.distance ?? tolerance);
  if (distance <= limit) return { owner: 'version', distance, limit, alike };
  return { owner: nearest && nearest.distance <= tolerance ? nearest.name : 'unknown', distance, limit, alike };
}

const SERVED = {
  base: 'the base alone: its adapter has not arrived',
  parent: 'its parent: the adapter is a stale one',
  unknown: 'other weights: its adapter is damaged, or belongs to another version',
} as const;

/** Throws CORRUPT if an engine's answer shows other weights than the version's. */
export function checkFingerprint(versionId: string, fingerprint: Fingerprint, measured: readonly number[]): Reading {
  const reading = readFingerprint(fingerprint, measured);
  if (reading.owner === 'version') return reading;
  throw new AttuneError(
    'CORRUPT',
    `Version ${versionId} is refused: what the engine computes for it is that of ${SERVED[reading.owner]} ` +
      `(${reading.distance.toPrecision(2)} nats from its fingerprint, allowed are ${reading.limit.toPrecision(2)}). ` +
      'Restore its folder from a backup, or train the version again.',
  );
}

function distanceOf(a: readonly number[], b: readonly number[]): number {
  const squares = a.reduce((sum, x, i) => sum + (x - (b[i] ?? Number.POSITIVE_INFINITY)) ** 2, 0);
  return Math.sqrt(squares / a.length);
}
