// Limits on what a person and a key may ask for, counted in Postgres for all replicas; refuses what it cannot count.
import { count, eq, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { RateLimiterPostgres, type RateLimiterRes } from 'rate-limiter-flexible';
import { AttuneError } from '@/core/errors';
import type { Limits } from '@/core/settings';
import type { Executor } from '@/db/client';
import { toDatabaseError } from '@/db/failure';
import { conversation, generation } from '@/db/schema';
import { capacityOf } from './engine-capacity';
import type { Product } from './product';

export interface Caller {
  userId: string;
  /** null for the chat. */
  apiKeyId: string | null;
}

const WINDOW_SECONDS = 60;
const RETRY_SEATS_SECONDS = 1;
const RETRY_QUEUE_SECONDS = 2;
/** A comparison asks for two. */
const ANSWERS_OF_A_TURN = 2;

type Pool = Product['db']['$client'];
const counters = new WeakMap<Pool, MinuteCounter>();

/** Counts per minute, and leaves the comparison with a limit to the caller. */
class MinuteCounter {
  constructor(private readonly store: RateLimiterPostgres) {}

  async penalty(key: string, points: number): Promise<RateLimiterRes> {
    const counted = await this.store.penalty(key, points).catch(refuse);
    if (!isFromTheFuture(counted)) return counted;
    await this.store.delete(key).catch(refuse);
    return this.store.penalty(key, points).catch(refuse);
  }

  async get(key: string): Promise<RateLimiterRes | null> {
    const counted = await this.store.get(key).catch(refuse);
    return counted && isFromTheFuture(counted) ? null : counted;
  }
}

/** The limiter queries the pool itself, so no other code turns the driver's errors into ours. */
const refuse = (error: unknown): never => {
  throw toDatabaseError(error);
};

/** After the clock is set back, an old count would last until its old time comes again. */
const isFromTheFuture = ({ msBeforeNext }: RateLimiterRes) => msBeforeNext > 1000 * WINDOW_SECONDS;

export function counterOf({ db }: Pick<Product, 'db'>): MinuteCounter {
  let counter = counters.get(db.$client);
  if (!counter) {
    counter = new MinuteCounter(
      new RateLimiterPostgres({
        storeClient: db.$client,
        storeType: 'pool',
        tableName: 'rate_limit',
        tableCreated: true,
        keyPrefix: '',
        points: Number.MAX_SAFE_INTEGER,
        duration: WINDOW_SECONDS,
      }),
    );
    counters.set(db.$client, counter);
  }
  return counter;
}

const subjectsOf = ({ userId, apiKeyId }: Caller) => [
  { what: 'account', key: `user:${userId}`, kind: 'user' as const },
  ...(apiKeyId ? [{ what: 'key', key: `key:${apiKeyId}`, kind: 'apiKey' as const }] : []),
];

/** Counts the request. Throws OVERLOADED above a limit per minute, and UNAVAILABLE when the counts cannot be read. */
export async function admit(product: Product, caller: Caller, limits: Limits): Promise<void> {
  const counter = counterOf(product);
  const subjects = subjectsOf(caller);
  const counts = await Promise.all(
    subjects.map(({ key }) => Promise.all([counter.penalty(`requests:${key}`, 1), counter.get(`tokens:${key}`)])),
  );
  for (const [index, [requests, tokens]] of counts.entries()) {
    const { what, kind } = subjects[index]!;
    const { requestsPerMinute, tokensPerMinute } = limits[kind];
    const refuse = (used: number, most: number, unit: string, waitMs: number) => {
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      throw new AttuneError(
        'OVERLOADED',
        `This ${what} has used ${used} ${unit} in the current minute and the limit is ${most}. Try again in ${seconds} s.`,
        { retryAfterSeconds: seconds },
      );
    };
    if (requests.consumedPoints > requestsPerMinute)
      refuse(requests.consumedPoints - 1, requestsPerMinute, 'requests', requests.msBeforeNext);
    if (tokens && tokens.consumedPoints >= tokensPerMinute)
      refuse(tokens.consumedPoints, tokensPerMinute, 'tokens', tokens.msBeforeNext);
  }
}

/** False once the minute's tokens are used up. */
export async function hasTokensLeft(product: Product, caller: Caller, limits: Limits): Promise<boolean> {
  const counter = counterOf(product);
  const used = await Promise.all(
    subjectsOf(caller).map(async ({ key, kind }) => ({ kind, counted: await counter.get(`tokens:${key}`) })),
  );
  return used.every(({ kind, counted }) => (counted?.consumedPoints ?? 0) < limits[kind].tokensPerMinute);
}

/** Counts tokens of prompts and answers: running answers may exceed a limit, and later requests are then refused. */
export async function charge(product: Product, caller: Caller, tokens: number): Promise<void> {
  if (tokens === 0) return;
  const counter = counterOf(product);
  await Promise.all(subjectsOf(caller).map(({ key }) => counter.penalty(`tokens:${key}`, tokens)));
}

/**
 * Throws OVERLOADED when `answers` more would exceed a limit on answers at once. The `running` rows are the seats: they
 * are taken in the transaction that inserts them, one transaction at a time. A process that dies leaks no seat, because
 * another process ends its rows.
 */
export async function takeSeats(
  product: Product,
  tx: Executor,
  { userId, apiKeyId }: Caller,
  limits: Limits,
  answers: number,
): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('attune seats', 0))`);
  const running = eq(generation.status, 'running');
  const [now] = await tx
    .select({ all: count(), mine: countOf(generation.userId, userId), keys: countOf(conversation.apiKeyId, apiKeyId) })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(running);
  refuseSeats('account', now!.mine, answers, limits.user.concurrent);
  if (apiKeyId) refuseSeats('key', now!.keys, answers, limits.apiKey.concurrent);
  refuseQueue(now!.mine, now!.all, answers, capacityOf(product));
}

const countOf = (column: AnyPgColumn, value: string | null) =>
  sql<number>`count(*) filter (where ${column} = ${value})`.mapWith(Number);

function refuseSeats(what: string, running: number, more: number, most: number): void {
  if (running + more <= most) return;
  // Waiting does not help a request that asks for more than the limit.
  if (more > most) {
    throw new AttuneError(
      'BAD_INPUT',
      `The request asks for ${more} answers, and this ${what}'s limit is ${most} at once. Ask for fewer at a time.`,
      { param: 'n' },
    );
  }
  throw new AttuneError(
    'OVERLOADED',
    `This ${what} has ${running} answers running and asks for ${more} more; the limit is ${most} at once. Wait for one to end.`,
    { retryAfterSeconds: RETRY_SEATS_SECONDS },
  );
}

/**
 * A person may hold as many answers as that leaves free, so that the next person finds a place: one person gets half of
 * the queue, two get a third each, and so on (dynamic thresholds: Choudhury and Hahne 1998). The first turn is exempt.
 */
export function refuseQueue(mine: number, all: number, more: number, capacity: number): void {
  const free = capacity - all - more;
  const isFirstTurn = mine === 0 && more <= ANSWERS_OF_A_TURN;
  if (free >= 0 && (isFirstTurn || mine + more <= free)) return;
  const share = mine === 0 ? '' : `, ${mine} of them yours`;
  throw new AttuneError(
    'OVERLOADED',
    `The engine takes ${capacity} answers at once and has ${all}${share}; ${more} more do not fit. Try again in a moment.`,
    { retryAfterSeconds: RETRY_QUEUE_SECONDS },
  );
}
