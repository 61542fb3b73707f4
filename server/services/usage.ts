// Counts people's usage: requests and tokens per day, through the chat and through each key.
import { desc, eq, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Executor } from '@/db/client';
import { conversation, usage } from '@/db/schema';
import type { Product } from './product';
import type { UsageView } from './views';

export interface Used {
  requests?: number;
  promptTokens?: number;
  completionTokens?: number;
}

/** The `source` of usage through the chat. */
const CHAT = 'chat';

/** Adds to today's count; call it in the transaction that it belongs to. Returns the key that it went to, if any. */
export async function countUsage(
  tx: Executor,
  where: { userId: string; conversationId: string },
  { requests = 0, promptTokens = 0, completionTokens = 0 }: Used,
): Promise<{ apiKeyId: string | null }> {
  const { rows } = await tx.execute<{ source: string }>(sql`
    insert into ${usage} as u (user_id, source, day, requests, prompt_tokens, completion_tokens)
    select ${where.userId}, coalesce(api_key_id::text, ${CHAT}), (now() at time zone 'UTC')::date,
      ${requests}::integer, ${promptTokens}::bigint, ${completionTokens}::bigint
    from ${conversation} where id = ${where.conversationId}
    on conflict (user_id, source, day) do update set requests = u.requests + excluded.requests,
      prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
      completion_tokens = u.completion_tokens + excluded.completion_tokens
    returning u.source`);
  const source = rows[0]?.source;
  return { apiKeyId: source && source !== CHAT ? source : null };
}

/** Moves a guest's usage to the account that the guest signs in to. */
export async function moveUsage(tx: Executor, guestId: string, userId: string): Promise<void> {
  await tx.execute(sql`
    insert into ${usage} as u (user_id, source, day, requests, prompt_tokens, completion_tokens)
    select ${userId}, source, day, requests, prompt_tokens, completion_tokens from ${usage} where user_id = ${guestId}
    on conflict (user_id, source, day) do update set requests = u.requests + excluded.requests,
      prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
      completion_tokens = u.completion_tokens + excluded.completion_tokens`);
  await tx.delete(usage).where(eq(usage.userId, guestId));
}

/** Sums over the rows of a group, which may be empty. */
export const totalOf = (column: AnyPgColumn) => sql<number>`coalesce(sum(${column}), 0)`.mapWith(Number);

const DAYS = 30;

/** The last days with usage, newest first, over the chat and all keys. */
export async function listUsage({ db }: Product, userId: string): Promise<UsageView[]> {
  return db
    .select({
      day: usage.day,
      requests: totalOf(usage.requests),
      promptTokens: totalOf(usage.promptTokens),
      completionTokens: totalOf(usage.completionTokens),
    })
    .from(usage)
    .where(eq(usage.userId, userId))
    .groupBy(usage.day)
    .orderBy(desc(usage.day))
    .limit(DAYS);
}
