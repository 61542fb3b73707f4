// Makes the embedded Postgres's folder or takes over an existing one, removing none; gives the product a plain role.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { explainWriteError } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import type { PostgresBinaries } from './binaries';
import type { Identity } from './identity';
import { explainPostgres } from './trouble';

export const ROLE = 'attune_product';
export const DATABASE = 'attune';
/** Inside the data folder, so that it comes along when the folder is moved or restored; as private as the data. */
const PASSWORD_FILE = 'attune-password';
/** The access rules of pg_hba.conf: every connection needs the role's password. */
export const ACCESS_FILE = 'attune-access.conf';
const ACCESS = 'local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n';

interface ClusterOptions {
  directory: string;
  binaries: PostgresBinaries;
  identity: Identity | null;
  signal?: AbortSignal;
}

/** Returns the role's password. The caller holds the folder's lock, and no server runs over the folder. */
export async function openCluster(options: ClusterOptions): Promise<string> {
  const { directory } = options;
  const entries = existsSync(directory) ? readdirSync(directory) : [];
  if (!entries.includes('PG_VERSION')) {
    if (entries.length > 0)
      throw new AttuneError(
        'CONFLICT',
        `${directory} holds files but no database (no PG_VERSION). Move them away, or set ATTUNE_DATA to another folder.`,
      );
    return makeCluster(options);
  }
  const kept = keptPassword(directory);
  if (kept !== null) return kept;
  // Made by an earlier release, whose password is public, or restored from a backup.
  return prepareRoles(options, directory, true);
}

/** null if the product has not prepared the folder. */
export function keptPassword(directory: string): string | null {
  const file = path.join(directory, PASSWORD_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

/**
 * Makes it under another name and renames it when complete: an interrupted start leaves nothing that looks like a
 * database.
 */
async function makeCluster(options: ClusterOptions): Promise<string> {
  const { directory, binaries, identity } = options;
  const part = `${directory}.new`;
  try {
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true, mode: 0o700 });
    if (identity) chownSync(part, identity.uid, identity.gid);
  } catch (error) {
    throw explainWriteError(error, part);
  }
  const args = [`--pgdata=${part}`, '--auth=reject', '--username=postgres', '--encoding=UTF8', '--locale=C'];
  await run(options, start(options, binaries.initdb, args));
  const password = await prepareRoles(options, part, false);
  renameSync(part, directory);
  return password;
}

/** Runs in single-user mode, which needs no password and in which no client can connect. It is safe to repeat. */
async function prepareRoles(options: ClusterOptions, directory: string, hasData: boolean): Promise<string> {
  const { identity } = options;
  const password = randomBytes(24).toString('hex');
  await runSql(options, directory, 'postgres', ROLE_STATEMENTS(password));
  if (hasData) await runSql(options, directory, DATABASE, [OWNERSHIP]);
  const write = (name: string, text: string) => {
    const file = path.join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (identity) chownSync(file, identity.uid, identity.gid);
  };
  write(ACCESS_FILE, ACCESS);
  write(PASSWORD_FILE, `${password}\n`);
  return password;
}

/** The superuser keeps the rights that cannot be taken from it, but can no longer log in. */
const ROLE_STATEMENTS = (password: string) => [
  `do $$ begin if not exists (select from pg_roles where rolname = '${ROLE}') then create role ${ROLE}; end if; end $$`,
  `alter role ${ROLE} login nosuperuser createdb nocreaterole noreplication nobypassrls password '${password}'`,
  `do $$ declare owner name; begin select rolname into owner from pg_roles where oid = 10; execute format('alter role %I nologin password null', owner); end $$`,
  `do $$ begin if exists (select from pg_database where datname = '${DATABASE}') then alter database ${DATABASE} owner to ${ROLE}; end if; end $$`,
];

/** Gives the product's role everything of Attune's that the superuser owns; a column's sequence follows its table. */
const OWNERSHIP = `do $$ declare item record; begin
  for item in select nspname from pg_namespace where nspowner = 10 and nspname !~ '^(pg_|information_schema)' loop
    execute format('alter schema %I owner to ${ROLE}', item.nspname); end loop;
  for item in select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relowner = 10 and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^(pg_|information_schema)' loop
    execute format('alter table %s owner to ${ROLE}', item.name); end loop;
  for item in select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relowner = 10 and c.relkind = 'S' and n.nspname !~ '^(pg_|information_schema)' loop
    execute format('alter sequence %s owner to ${ROLE}', item.name); end loop;
  for item in select t.oid::regtype as name from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typowner = 10 and t.typtype in ('e', 'd') and n.nspname !~ '^(pg_|information_schema)' loop
    execute format('alter type %s owner to ${ROLE}', item.name); end loop;
  for item in select p.oid::regprocedure as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proowner = 10 and n.nspname !~ '^(pg_|information_schema)' loop
    execute format('alter routine %s owner to ${ROLE}', item.name); end loop;
end $$`.replaceAll(/\s+/g, ' ');

/** Runs one statement per line and stops at the first error. */
async function runSql(options: ClusterOptions, directory: string, database: string, statements: string[]) {
  const args = ['--single', '-D', directory, '-c', 'exit_on_error=true', '-c', 'log_min_messages=fatal', database];
  const child = start(options, options.binaries.postgres, args);
  child.stdin.on('error', () => undefined); // a server that does not start reads nothing and reports why
  child.stdin.end(`${statements.join('\n')}\n`);
  // A database that was never made has nothing to hand over.
  await run(options, child, new RegExp(`database "${database}" does not exist`));
}

/** Starts a program in a folder that its user can enter. */
const start = ({ identity, signal }: ClusterOptions, command: string, args: string[]) =>
  spawn(command, args, { ...identity, signal, cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] });

async function run(options: ClusterOptions, child: ReturnType<typeof start>, expected?: RegExp): Promise<void> {
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(...chunk.toString('utf8').trim().split('\n')));
  const code = await new Promise<number | null>((resolve) =>
    child.once('close', resolve).once('error', (error) => {
      said.push(error.message);
      if (child.pid === undefined) resolve(null);
    }),
  );
  options.signal?.throwIfAborted();
  if (code === 0 || said.some((line) => expected?.test(line))) return;
  throw explainPostgres(new Error(`ended with ${code}`), said, options.directory);
}
