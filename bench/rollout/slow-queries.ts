// Makes an embedded Postgres count its statements, and reads which of them took long.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Database } from '@/db/client';
import { findPostgresBinaries } from '@/db/embedded/binaries';
import { DATABASE, ROLE } from '@/db/embedded/cluster';
import { postgresIdentity } from '@/db/embedded/identity';

export interface SlowQuery {
  ms: number;
  calls: number;
  statement: string;
}

/** Of a cluster on which no server runs. */
export async function countStatements(cluster: string): Promise<void> {
  appendFileSync(join(cluster, 'postgresql.conf'), "shared_preload_libraries = 'pg_stat_statements'\n");
  const { postgres } = await findPostgresBinaries();
  const statements = [
    'create extension pg_stat_statements',
    `grant execute on all functions in schema public to ${ROLE}`,
    `grant pg_read_all_stats to ${ROLE}`,
  ];
  const { status, stderr } = spawnSync(postgres, ['--single', '-D', cluster, '-c', 'exit_on_error=true', DATABASE], {
    ...postgresIdentity(),
    cwd: '/',
    input: `${statements.join('\n')}\n`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`pg_stat_statements could not be added: ${stderr}`);
}

/** Those that took longer than `leastMs` at their slowest since the last call, the slowest first. */
export async function takeSlowQueries(db: Database, leastMs: number): Promise<SlowQuery[]> {
  const { rows } = await db.execute<{ ms: number; calls: number; statement: string }>(sql`
    select max_exec_time::float8 as ms, calls::int as calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 300) as statement
    from pg_stat_statements where max_exec_time > ${leastMs} order by max_exec_time desc limit 8`);
  await db.execute(sql`select pg_stat_statements_reset()`);
  return rows.map((row) => ({ ...row, ms: Math.round(row.ms) }));
}
