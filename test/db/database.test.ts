// Opening a database: a folder in use or a server out of reach is reported; a killed server is restarted.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { isAlive, parentOf } from '@/core/process/process-alive';
import { checkConnection } from '@/db/client';
import { findPostgresBinaries } from '@/db/embedded/binaries';
import { postgresIdentity } from '@/db/embedded/identity';
import { startEmbeddedPostgres } from '@/db/embedded/start';
import { migrateDatabase } from '@/db/migrate';
import { createTestDatabase } from './database';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'attune-embedded-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A product in a separate process, which has started Postgres in the folder. */
async function startOwner(): Promise<ChildProcess> {
  const script = `import { startEmbeddedPostgres } from './db/embedded/start.ts';
    const { url } = await startEmbeddedPostgres({ directory: process.argv.at(-1) });
    console.log(url); setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script, path.join(folder, 'data')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the owner ended with ${code}`))),
  ]);
  return child;
}

const isUp = (url: string) =>
  checkConnection(url).then(
    () => true,
    () => false,
  );
const postmasterIsNew = (postmaster: () => number, former: number) => {
  try {
    return postmaster() !== former;
  } catch {
    return false; // the file is missing while one server replaces another
  }
};

async function run(url: string, statement: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client
    .query(statement)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

/** A cluster as 28984c2 made it: superuser `attune`, a known password, the mark `initialised`, and some tables. */
async function makeFormerCluster(directory: string): Promise<void> {
  const { initdb, postgres } = await findPostgresBinaries();
  const options = {
    ...postgresIdentity(),
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'] as ['pipe', 'ignore', 'ignore'],
  };
  const password = path.join(os.tmpdir(), `former-${process.pid}`);
  await writeFile(password, 'attune', { mode: 0o644 });
  await mkdir(directory, { mode: 0o700 });
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', directory]);
  execFileSync(
    initdb,
    [
      `--pgdata=${directory}`,
      '--auth=scram-sha-256',
      '--username=attune',
      `--pwfile=${password}`,
      '--encoding=UTF8',
      '--locale=C',
    ],
    options,
  );
  await rm(password);
  await writeFile(path.join(directory, 'initialised'), '', { mode: 0o644 });
  const sql = (database: string, text: string) =>
    execFileSync(postgres, ['--single', '-D', directory, '-c', 'exit_on_error=true', database], {
      ...options,
      input: text,
    });
  sql('postgres', 'create database attune\n');
  sql(
    'attune',
    [
      `create table kept (id int generated always as identity, content text)`,
      `insert into kept (content) values ('hello')`,
      `create schema drizzle`,
      `create table drizzle.log (id serial)`,
      `create type mood as enum ('glad')`,
      '',
    ].join('\n'),
  );
}

describe('the embedded Postgres', () => {
  it('belongs to one product; after that product is killed, the next one takes it over', async () => {
    const directory = path.join(folder, 'data');
    const owner = await startOwner();
    await expect(startEmbeddedPostgres({ directory })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`process ${owner.pid}`),
    });
    const exited = once(owner, 'exit');
    owner.kill('SIGKILL');
    await exited;
    const database = await startEmbeddedPostgres({ directory });
    await checkConnection(database.url);
    await database.stop();
    await expect(checkConnection(database.url)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('comes back when any of its processes is killed, and reports it', async () => {
    const lines: string[] = [];
    const directory = path.join(folder, 'data');
    const database = await startEmbeddedPostgres({ directory, write: (line) => lines.push(line) });
    const postmaster = () => Number(readFileSync(path.join(directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const first = postmaster();
    process.kill(first, 'SIGKILL');
    await expect.poll(() => isUp(database.url)).toBe(true);
    await expect.poll(() => lines.some((line) => line.includes('ended (exit code'))).toBe(true);
    const second = postmaster();
    expect(second).not.toBe(first);
    // The supervising process is killed: the server that it leaves behind is ended before the next one starts.
    process.kill(parentOf(second)!, 'SIGKILL');
    await expect.poll(async () => postmasterIsNew(postmaster, second) && (await isUp(database.url))).toBe(true);
    expect(isAlive(second)).toBe(false);
    const third = postmaster();
    await database.stop();
    expect(isAlive(third)).toBe(false);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'that a person ends by %s stays ended, and the product is notified',
    async (signal) => {
      const directory = path.join(folder, 'data');
      const database = await startEmbeddedPostgres({ directory });
      // A connection is open: left to itself, Postgres would wait for it forever after SIGTERM.
      const client = new pg.Client({ connectionString: database.url });
      client.on('error', () => undefined);
      await client.connect();
      const pid = Number(readFileSync(path.join(directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(pid, signal);
      expect(await database.ended).toBe('postgres');
      expect(isAlive(pid)).toBe(false);
      await database.stop();
    },
  );

  it('gives the product a role without special rights, a random password and no port', async () => {
    const directory = path.join(folder, 'data');
    const database = await startEmbeddedPostgres({ directory });
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const ask = async (text: string) => (await client.query(text)).rows[0];
    expect(
      await ask('select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user'),
    ).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolbypassrls: false,
    });
    expect(await ask('show listen_addresses')).toEqual({ listen_addresses: '' });
    await expect(client.query(`copy (select 1) to program 'true'`)).rejects.toThrow(/permission denied/);
    await client.end();
    const other = new URL(database.url);
    for (const [user, password] of [
      ['attune', 'attune'],
      ['postgres', ''],
      [other.username, 'attune'],
    ] as const) {
      Object.assign(other, { username: user, password });
      await expect(checkConnection(other.toString())).rejects.toThrow(
        /authentication failed|no password|must be a string/i,
      );
    }
    expect(statSync(directory).mode & 0o077).toBe(0);
    expect(statSync(path.join(directory, 'attune-password')).mode & 0o177).toBe(0);
    await database.stop();
  });

  it('keeps a database whose marks are gone, as after a restore: its rows are there, with a new password', async () => {
    const directory = path.join(folder, 'data');
    const first = await startEmbeddedPostgres({ directory });
    await run(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    await rm(path.join(directory, 'attune-password'));
    const second = await startEmbeddedPostgres({ directory });
    expect(second.url).not.toBe(first.url);
    expect(await run(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
  });

  it('takes over the database of a release whose role was a superuser with a known password', async () => {
    const directory = path.join(folder, 'data');
    await makeFormerCluster(directory);
    const database = await startEmbeddedPostgres({ directory });
    expect(await run(database.url, 'select content from kept')).toEqual([{ content: 'hello' }]);
    // The new role owns the old objects: migrations can change what the earlier release made.
    await run(
      database.url,
      `alter table kept add column more text; insert into kept (content, more) values ('a', 'b')`,
    );
    await run(database.url, `alter table drizzle.log add column more text; alter type mood add value 'calm'`);
    expect(await run(database.url, `select rolname, rolcanlogin from pg_roles where rolsuper`)).toEqual([
      { rolname: 'attune', rolcanlogin: false },
    ]);
    await database.stop();
  });

  it('leaves a cluster that cannot be opened unchanged, and says so', async () => {
    const directory = path.join(folder, 'data');
    await mkdir(directory, { mode: 0o700 });
    await writeFile(path.join(directory, 'PG_VERSION'), '18\n');
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'postgres', directory]);
    await expect(startEmbeddedPostgres({ directory })).rejects.toThrow(
      /cannot be opened .*Nothing was changed or removed/,
    );
    expect(await readFile(path.join(directory, 'PG_VERSION'), 'utf8')).toBe('18\n');
  });

  it('is created once when two first starts run at the same time', async () => {
    const directory = path.join(folder, 'data');
    const tries = await Promise.allSettled([1, 2].map(() => startEmbeddedPostgres({ directory })));
    const won = tries.filter((one) => one.status === 'fulfilled');
    const lost = tries.filter((one) => one.status === 'rejected');
    expect([won.length, lost.length]).toEqual([1, 1]);
    expect(lost[0]!.reason).toMatchObject({ code: 'CONFLICT' });
    expect(await isUp(won[0]!.value.url)).toBe(true);
    await won[0]!.value.stop();
  });

  it('starts in a folder whose name is long and Japanese', async () => {
    const long = path.join(folder, 'あ'.repeat(57));
    const database = await startEmbeddedPostgres({ directory: path.join(long, 'data') });
    expect(await isUp(database.url)).toBe(true);
    await database.stop();
  });

  it('ends when its product is killed', async () => {
    const owner = await startOwner();
    const pid = Number(readFileSync(path.join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
    owner.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

describe('a database URL', () => {
  it('that no server answers is named without its password', async () => {
    const failure = checkConnection('postgres://ada:secret@127.0.0.1:1/chat');
    await expect(failure).rejects.toThrow(
      /postgres:\/\/ada:\*\*\*@127\.0\.0\.1:1\/chat cannot be reached \(.*ECONNREFUSED/,
    );
    const wrong = new URL(inject('postgresUrl'));
    wrong.password = 'hunter2';
    await expect(checkConnection(wrong.toString())).rejects.toThrow(/password authentication failed/);
    await expect(checkConnection(wrong.toString())).rejects.not.toThrow(/hunter2/);
  });

  it('may be migrated by several processes at once', async () => {
    const database = await createTestDatabase();
    await Promise.all([1, 2, 3].map(() => migrateDatabase(database.url)));
    await database.drop();
  });
});
