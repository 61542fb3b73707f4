// Turns errors of Postgres or its driver into ones without SQL and values, before they can be logged or sent.
import { PgPreparedQuery } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { AttuneError } from '@/core/errors';

const RETRY_SECONDS = 5;

/** Codes of Node's sockets: Postgres does not run, or the connection was lost. */
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** SQLSTATE: connection, resources, shutdown, system error, read-only standby. */
const AWAY_STATES = /^(08|53|57P|58)...?$|^25006$/;
/** SQLSTATE of a value that Postgres cannot hold: text, number or time. */
const VALUE_STATES = new Set(['22001', '22003', '22007', '22008', '22021', '22P02', '22P05']);
/** Messages of driver errors that have no code. */
const DRIVER_MESSAGES = /^(Connection terminated|timeout exceeded|Client (has|was)|Cannot use a pool)/;

const codeOf = (error: unknown): string => {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  const code = codeOf(error);
  return (
    SOCKET_CODES.has(code) ||
    (error instanceof pg.DatabaseError && AWAY_STATES.test(code)) ||
    (error instanceof Error && DRIVER_MESSAGES.test(error.message))
  );
}

/** UNAVAILABLE, BAD_INPUT or INTERNAL; the driver's own message and details may quote a row, so they are not kept. */
export function toDatabaseError(thrown: unknown): AttuneError {
  if (thrown instanceof AttuneError) return thrown;
  const code = codeOf(thrown);
  const { table, column, constraint, message } =
    thrown instanceof pg.DatabaseError ? thrown : ({} as Partial<pg.DatabaseError>);
  // The message of a wrong statement has only names; every other message may contain values.
  const reason = code.startsWith('42') ? message : undefined;
  const facts = Object.entries({ code: code || undefined, table, column, constraint, reason })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  const cause = new Error(facts || 'the driver gave no code');
  if (isDatabaseAway(thrown))
    return new AttuneError('UNAVAILABLE', 'The database does not answer at the moment. Try again in a few seconds.', {
      cause,
      retryAfterSeconds: RETRY_SECONDS,
    });
  if (VALUE_STATES.has(code))
    return new AttuneError('BAD_INPUT', 'The request has a value that the database cannot hold; change or remove it.', {
      cause,
    });
  return new AttuneError('INTERNAL', `The database refused a statement (${cause.message}).`, { cause });
}

/** Converts only what the driver threw: other errors from inside a transaction stay unchanged. */
export const fromDriver = (thrown: unknown): unknown =>
  thrown instanceof pg.DatabaseError || isDatabaseAway(thrown) ? toDatabaseError(thrown) : thrown;

type Query = { queryWithCache(text: string, params: unknown[], query: () => Promise<unknown>): Promise<unknown> };

/**
 * drizzle's own error has the statement and its parameters in its message, so each query's error is caught below
 * drizzle.
 */
export function hideStatements(): void {
  const prototype = PgPreparedQuery.prototype as unknown as Query & { hidesStatements?: true };
  if (prototype.hidesStatements) return;
  const { queryWithCache } = prototype;
  prototype.hidesStatements = true;
  prototype.queryWithCache = async function (this: Query, text, params, query) {
    try {
      return await queryWithCache.call(this, text, params, query);
    } catch (error) {
      throw toDatabaseError((error as Error).cause ?? error);
    }
  };
}
