// API keys: created, listed and revoked by their owner, and recognised by their hash.
import { createHash, randomBytes } from 'node:crypto';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { recordAudit } from '@/db/audit';
import { apiKey, usage, user } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkText } from '@/server/services/text';
import { totalOf } from '@/server/services/usage';
import type { ApiKeyView } from '@/server/services/views';

const MARK = 'sk-attune-';
const SHOWN = MARK.length + 4;
const MAX_KEYS = 50;

/** Who owns the key, and whether its requests may train the model. */
export interface KeyOwner {
  apiKeyId: string;
  userId: string;
  allowTraining: boolean;
}

const hash = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** The secret is returned here and never again. */
export async function create(
  { db }: Product,
  userId: string,
  input: { name: string; allowTraining: boolean },
): Promise<{ id: string; secret: string }> {
  const name = input.name.trim();
  checkText(name, 'name of the key', TEXT_LIMITS.keyName);
  const secret = MARK + randomBytes(32).toString('base64url');
  return db.transaction(async (tx) => {
    const live = await tx
      .select({ id: apiKey.id })
      .from(apiKey)
      .where(and(eq(apiKey.userId, userId), isNull(apiKey.revokedAt)));
    if (live.length >= MAX_KEYS)
      throw new AttuneError('CONFLICT', `You have ${live.length} keys and the limit is ${MAX_KEYS}; revoke one first.`);
    const [row] = await tx
      .insert(apiKey)
      .values({
        userId,
        name,
        prefix: secret.slice(0, SHOWN),
        sha256: hash(secret),
        allowTraining: input.allowTraining,
      })
      .returning({ id: apiKey.id });
    // Without its name: those are a person's words, and the log outlives the account.
    await recordAudit(tx, userId, 'api_key.create', row!.id);
    return { id: row!.id, secret };
  });
}

/** Newest first, with the usage of each; revoked keys stay in the list for their usage. */
export async function list({ db }: Product, userId: string): Promise<ApiKeyView[]> {
  return db
    .select({
      id: apiKey.id,
      name: apiKey.name,
      prefix: apiKey.prefix,
      allowTraining: apiKey.allowTraining,
      createdAt: apiKey.createdAt,
      lastUsedAt: apiKey.lastUsedAt,
      revokedAt: apiKey.revokedAt,
      requests: totalOf(usage.requests),
      promptTokens: totalOf(usage.promptTokens),
      completionTokens: totalOf(usage.completionTokens),
    })
    .from(apiKey)
    .leftJoin(usage, and(eq(usage.userId, apiKey.userId), eq(usage.source, sql`${apiKey.id}::text`)))
    .where(eq(apiKey.userId, userId))
    .groupBy(apiKey.id)
    .orderBy(desc(apiKey.createdAt));
}

/** Takes effect from the next request. */
export async function revoke({ db }: Product, userId: string, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx
      .update(apiKey)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(apiKey.id, id), eq(apiKey.userId, userId), isNull(apiKey.revokedAt)))
      .returning({ id: apiKey.id });
    if (!row) throw new AttuneError('NOT_FOUND', `You have no active key ${id}.`);
    await recordAudit(tx, userId, 'api_key.revoke', id);
  });
}

/** Throws UNAUTHENTICATED for an unknown key, and UNAVAILABLE while the database cannot be asked. */
export async function authenticate({ db }: Product, authorization: string | null): Promise<KeyOwner> {
  const secret = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (!secret) {
    throw new AttuneError(
      'UNAUTHENTICATED',
      'The request has no API key. Create one on the settings page and send it as "Authorization: Bearer <key>".',
    );
  }
  const [row] = await db
    .select({ apiKeyId: apiKey.id, userId: apiKey.userId, allowTraining: apiKey.allowTraining, at: apiKey.lastUsedAt })
    .from(apiKey)
    .where(and(eq(apiKey.sha256, hash(secret)), isNull(apiKey.revokedAt)));
  if (!row) {
    throw new AttuneError(
      'UNAUTHENTICATED',
      `The API key ${secret.slice(0, SHOWN)}… is unknown or revoked. Create another on the settings page.`,
    );
  }
  const { at, ...owner } = row;
  // To the minute is enough, and saves a write per request.
  if (!at || Date.now() - at.getTime() > 60_000)
    await db.update(apiKey).set({ lastUsedAt: sql`now()` }).where(eq(apiKey.id, row.apiKeyId));
  return owner;
}

/** An admin's key opens what admins may read. */
export async function hasAdminKey({ db }: Product, { userId }: KeyOwner): Promise<boolean> {
  const [row] = await db.select({ role: user.role }).from(user).where(eq(user.id, userId));
  return row?.role === 'admin';
}
