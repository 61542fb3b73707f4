// Answers with figures that were counted before, and has them counted anew in the background when they are old.
import { setTimeout as sleep } from 'node:timers/promises';
import { AttuneError, toAttuneError } from '@/core/errors';
import { hasFewVotes } from '@/db/feedback/newest-votes';
import { claimKept, dropClaim, type Kept, readKept } from '@/db/kept-figures';
import type { Product } from '@/server/services/product';
import type { FigureName } from './calculator';

/** Older figures are shown, and counted anew. */
const FRESH_SECONDS = 60;
/** Longer than any count takes; then another process may count. */
const CLAIM_SECONDS = 300;
const LOOK_EVERY_MS = 500;

export interface Counted<Value> {
  value: Value;
  /** null if it was counted just now. */
  countedAt: Date | null;
}

export const keyOf = (name: FigureName, input: unknown) => `${name} ${JSON.stringify(input ?? null)}`;

/** With few votes they are counted at once, by `count`. */
export async function figures<Value>(
  product: Product,
  name: FigureName,
  input: unknown,
  count: () => Promise<Value>,
): Promise<Counted<Value>> {
  const { db, log } = product;
  if (await hasFewVotes(db)) return { value: await count(), countedAt: null };
  const kept = await readKept<Value>(db, keyOf(name, input));
  if (kept && kept.ageSeconds < FRESH_SECONDS) return kept;
  const counting = countAnew<Value>(product, name, input);
  if (!kept) return counting;
  counting.catch((error: unknown) => log.warn({ err: toAttuneError(error), name }, 'figures could not be counted'));
  return kept;
}

/** One process counts; the others wait for what it keeps. */
export async function countAnew<Value>(
  { db, calculator }: Product,
  name: FigureName,
  input: unknown,
): Promise<Kept<Value>> {
  const key = keyOf(name, input);
  const before = await readKept(db, key);
  if (await claimKept(db, key, CLAIM_SECONDS)) {
    await calculator.count(name, input).catch(async (error) => {
      await dropClaim(db, key);
      throw error;
    });
  }
  for (const deadline = Date.now() + CLAIM_SECONDS * 1000; Date.now() < deadline; await sleep(LOOK_EVERY_MS)) {
    const kept = await readKept<Value>(db, key);
    if (kept && kept.countedAt.getTime() !== before?.countedAt.getTime()) return kept;
  }
  throw new AttuneError('UNAVAILABLE', `The figures "${name}" took too long to count; look again in a few minutes.`);
}
