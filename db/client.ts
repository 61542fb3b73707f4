// Opens Postgres as a pool with drizzle on top, with errors that a person can act on.
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { AttuneError } from '@/core/errors';
import { fromDriver, hideStatements } from './failure';
import * as schema from './schema';

export type Database = NodePgDatabase<typeof schema> & { $client: pg.Pool };
/** A transaction, or the database itself. */
export type Executor = Pick<
  Database,
  'select' | 'selectDistinct' | 'selectDistinctOn' | '$count' | 'insert' | 'update' | 'delete' | 'execute' | 'query'
>;

const pools = globalThis as typeof globalThis & { attunePools?: Map<string, Database> };

/** Longer than a native training step, which blocks the event loop while the server's greeting waits. */
const CONNECTION_TIMEOUT_MS = 60_000;

/** The process's single pool for a URL; Next compiles this module more than once, so the pool is on globalThis. */
export function getDatabase(url: string): Database {
  pools.attunePools ??= new Map();
  const known = pools.attunePools.get(url);
  if (known) return known;
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: CONNECTION_TIMEOUT_MS });
  // An idle connection that breaks is replaced at the next query; without a listener its error would end the process.
  pool.on('error', () => undefined);
  // One that breaks between two statements of a transaction fails the next of them.
  pool.on('connect', (client) => client.on('error', () => undefined));
  hideStatements();
  const database = Object.assign(drizzle(pool, { schema }), { $client: pool });
  const { transaction } = database;
  // Taking a connection fails outside any query.
  database.transaction = (work, config) =>
    transaction.call(database, work, config).catch((error: unknown) => {
      throw fromDriver(error);
    }) as never;
  pools.attunePools.set(url, database);
  return database;
}

export async function closeDatabase(url: string): Promise<void> {
  const database = pools.attunePools?.get(url);
  pools.attunePools?.delete(url);
  await database?.$client.end();
}

/** The URL with its password replaced, for messages and logs. */
export function maskUrl(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password) parsed.password = '***';
    if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***');
    return parsed.toString();
  } catch {
    return '(not a URL)';
  }
}

/** Throws UNAVAILABLE with the reason when the database does not answer. */
export async function checkConnection(url: string): Promise<void> {
  let client: pg.Client | null = null;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    await client.connect();
    await client.query('select 1');
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new AttuneError(
      'UNAVAILABLE',
      `DATABASE_URL ${maskUrl(url)} cannot be reached (${reason}); check host, port, user and password, or leave DATABASE_URL unset to use the embedded Postgres.`,
      { cause },
    );
  } finally {
    await client?.end().catch(() => undefined);
  }
}

/** Node joins several connection attempts in an AggregateError whose own message is empty. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
