// Migrates a database to the current schema; several processes may call it at once.
import path from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

/** Any constant: two processes that migrate one database take turns. */
const MIGRATION_LOCK = 7_224_301;

export async function migrateDatabase(url: string, migrationsFolder = defaultFolder()): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    // Hides the migrator's notice that its own schema already exists.
    await client.query('set client_min_messages to warning');
    await migrate(drizzle(client), { migrationsFolder });
  } finally {
    // Ending the session releases the lock.
    await client.end();
  }
}

/**
 * Relative to the working directory: bundlers rewrite module paths, and every process runs in the repository's root.
 */
function defaultFolder(): string {
  return path.join(process.cwd(), 'drizzle');
}
