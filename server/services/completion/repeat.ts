// Idempotency keys: a repeated request finds the answers of the first one, even after a restart or while they run.
import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { generation, idempotencyKey } from '@/db/schema';
import type { KeyOwner } from '@/server/services/account/api-key';
import { follow } from '@/server/services/generation/follow';
import { type GenerationRow, generated } from '@/server/services/generation/row';
import type { Product } from '@/server/services/product';
import type { Completion } from './completion';

/** How long a key is remembered. */
export const REPEAT_HOURS = 24;

export interface RepeatKey {
  /** Chosen by the caller. */
  key: string;
  /** Hash of the request that used it: a different request with the same key is a mistake. */
  fingerprint: string;
}

/**
 * The completion of the first request with this key; null if there was none or it failed. Requests with one key take
 * turns until the transaction ends. Throws BAD_INPUT when the key was used for a different request.
 */
export async function findFirst(
  product: Product,
  tx: Executor,
  { apiKeyId }: KeyOwner,
  { key, fingerprint }: RepeatKey,
  signal: AbortSignal,
): Promise<Completion | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`attune repeat ${apiKeyId} ${key}`}, 0))`);
  const mine = eq(idempotencyKey.apiKeyId, apiKeyId);
  const oldest = sql`now() - make_interval(hours => ${REPEAT_HOURS})`;
  await tx.delete(idempotencyKey).where(and(mine, lt(idempotencyKey.createdAt, oldest)));
  const [first] = await tx
    .select()
    .from(idempotencyKey)
    .where(and(mine, eq(idempotencyKey.key, key)));
  if (!first) return null;
  if (first.fingerprint !== fingerprint) {
    throw new AttuneError(
      'BAD_INPUT',
      `The Idempotency-Key ${JSON.stringify(key)} was used for another request. Choose a new key for each request, and reuse it only to send the same request again.`,
      { param: 'Idempotency-Key' },
    );
  }
  const rows = await tx.select().from(generation).where(inArray(generation.id, first.generationIds));
  if (rows.some(({ status }) => status === 'failed')) return null;
  const byId = new Map(rows.map((row) => [row.id, generated(row)]));
  const answers = first.generationIds.map((id) => follow(product, byId.get(id)!, signal));
  const { conversationId, promptTokens } = first;
  const { versionId, createdAt } = byId.get(first.generationIds[0]!)!;
  return { versionId, conversationId, promptTokens, createdAt, answers, isRepeated: true };
}

/** Called in the transaction that writes the answers, so that either both are stored or neither. */
export async function keepFirst(
  tx: Executor,
  { apiKeyId }: KeyOwner,
  { key, fingerprint }: RepeatKey,
  { conversationId, promptTokens }: Pick<Completion, 'conversationId' | 'promptTokens'>,
  rows: readonly GenerationRow[],
): Promise<void> {
  const first = { fingerprint, conversationId, promptTokens, generationIds: rows.map(({ id }) => id) };
  await tx
    .insert(idempotencyKey)
    .values({ apiKeyId, key, ...first })
    .onConflictDoUpdate({
      target: [idempotencyKey.apiKeyId, idempotencyKey.key],
      set: { ...first, createdAt: sql`now()` },
    });
}
