// Starts the Postgres that comes as a package, for people who have none.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AttuneError } from '@/core/errors';
import { isAlive } from '@/core/process-alive';
import { findPostgresBinaries } from './embedded-binaries';

export interface EmbeddedDatabase {
  url: string;
  port: number;
  stop(): Promise<void>;
}

const USER = 'attune';
/** The server listens on loopback alone; the password keeps out other programs' accidents, not attackers. */
const PASSWORD = 'attune';
const DATABASE = 'attune';
const START_MS = 60_000;

/** Initialises `directory` at the first start. A `port` that is given must be free; without one a free port is taken. */
export async function startEmbeddedPostgres(options: { directory: string; port?: number }): Promise<EmbeddedDatabase> {
  const directory = path.resolve(options.directory);
  const binaries = await findPostgresBinaries();
  await endFormerServer(directory);
  const port = options.port ?? (await freePort());
  if (options.port !== undefined) await assertFree(options.port);
  const identity = postgresIdentity();
  if (identity) assertReachable([directory, binaries.postgres]);

  // A first start that was cut off leaves a part of a cluster, which nobody needs and the server refuses.
  if (!existsSync(path.join(directory, 'initialised'))) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    if (identity) chownSync(directory, identity.uid, identity.gid);
    await initialise(binaries.initdb, directory, identity);
  }

  const server = spawn(
    binaries.postgres,
    ['-D', directory, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    {
      ...identity,
      // A group of its own: the terminal's Ctrl-C must reach it through stop(), after those who still write.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  writeFileSync(ownerFile(directory), String(process.pid));
  const said = collect(server);
  const exited = new Promise<void>((resolve) => server.once('close', () => resolve()).once('error', () => resolve()));
  const stop = async () => {
    server.ref();
    // SIGINT is Postgres' fast shutdown: sessions end, data is flushed.
    if (server.exitCode === null && server.signalCode === null) server.kill('SIGINT');
    await exited;
    rmSync(ownerFile(directory), { force: true });
  };
  try {
    await ready(port, exited);
  } catch (cause) {
    await stop();
    throw explain(cause, said, directory, port);
  }
  server.unref();
  return { port, url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${DATABASE}`, stop };
}

interface Identity {
  uid: number;
  gid: number;
}

/** Postgres refuses to run as root: then it runs as the system user `postgres`, made where it is missing. */
function postgresIdentity(): Identity | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'ignore' });
      return { uid: idOf('-u'), gid: idOf('-g') };
    } catch (cause) {
      throw new AttuneError(
        'UNSUPPORTED',
        'Postgres does not run as root and the user "postgres" could not be made; run Attune as another user, or set DATABASE_URL.',
        { cause },
      );
    }
  }
}

/** Another user must be able to walk to these paths. */
function assertReachable(paths: string[]): void {
  for (const start of paths) {
    for (let at = path.dirname(start); at !== path.dirname(at); at = path.dirname(at)) {
      if (existsSync(at) && (statSync(at).mode & 0o001) === 0) {
        throw new AttuneError(
          'UNSUPPORTED',
          `As root, Postgres runs as the user "postgres", who may not enter ${at}; run Attune as another user or place it elsewhere.`,
        );
      }
    }
  }
}

async function initialise(initdb: string, directory: string, identity: Identity | null): Promise<void> {
  const passwordFile = path.join(os.tmpdir(), `attune-${process.pid}-${Date.now()}`);
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  if (identity) chownSync(passwordFile, identity.uid, identity.gid);
  try {
    const child = spawn(
      initdb,
      [
        `--pgdata=${directory}`,
        '--auth=scram-sha-256',
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
      ],
      { ...identity, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const said = collect(child);
    const code = await new Promise<number | null>((resolve) =>
      child.once('close', resolve).once('error', () => resolve(null)),
    );
    if (code !== 0) throw explain(new Error(`initdb ended with ${code}`), said, directory, 0);
    writeFileSync(path.join(directory, 'initialised'), '');
    chmodSync(path.join(directory, 'initialised'), 0o644);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Creates the product's database as soon as the server takes connections. */
async function ready(port: number, exited: Promise<void>): Promise<void> {
  let isGone = false;
  void exited.then(() => {
    isGone = true;
  });
  const deadline = Date.now() + START_MS;
  for (;;) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: USER, password: PASSWORD, database: 'postgres' });
    try {
      await client.connect();
      const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
      if (!rowCount) await client.query(`create database ${DATABASE}`);
      return;
    } catch (error) {
      if (isGone || Date.now() > deadline) throw error;
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** A killed product leaves postmaster.pid, perhaps with a live server behind it; another live product's must be left alone. */
async function endFormerServer(directory: string): Promise<void> {
  const file = path.join(directory, 'postmaster.pid');
  if (!existsSync(file)) return;
  const [pidLine, , , port] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(pidLine);
  if (isAlive(pid) && looksLikePostgres(pid)) {
    const owner = existsSync(ownerFile(directory)) ? Number(readFileSync(ownerFile(directory), 'utf8')) : 0;
    if (isAlive(owner)) {
      throw new AttuneError(
        'CONFLICT',
        `The database folder ${directory} is in use by process ${owner} (Postgres ${pid} on port ${port}); stop that Attune first, or set ATTUNE_DATA to another folder.`,
      );
    }
    process.kill(pid, 'SIGINT');
    for (const deadline = Date.now() + START_MS; isAlive(pid) && Date.now() < deadline; ) await sleep(50);
  }
  rmSync(file, { force: true });
}

const ownerFile = (directory: string) => `${directory}.owner`;

/** Process ids are used again, soonest in containers, so a live pid alone proves nothing. */
function looksLikePostgres(pid: number): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  return (
    process.platform !== 'linux' || (existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes('postgres'))
  );
}

/** The last lines of stderr, kept for an error message. */
function collect(child: ChildProcess): string[] {
  const lines: string[] = [];
  child.once('error', (error) => lines.push(error.message));
  child.stderr?.on('data', (chunk: Buffer) => {
    lines.push(...chunk.toString('utf8').trim().split('\n'));
    lines.splice(0, Math.max(0, lines.length - 40));
  });
  return lines;
}

function explain(cause: unknown, said: string[], directory: string, port: number): AttuneError {
  const text = said.join('\n');
  if (/No space left on device|ENOSPC/i.test(text)) {
    return new AttuneError('UNAVAILABLE', `The disk of ${directory} is full; free some space and start again.`, {
      cause,
    });
  }
  if (/Address already in use|could not bind/i.test(text)) {
    return new AttuneError('CONFLICT', `Port ${port} is taken; choose another port or stop what uses it.`, { cause });
  }
  if (/database files are incompatible/i.test(text)) {
    return new AttuneError(
      'CORRUPT',
      `${directory} was made by another major version of Postgres; move it away and restore a backup.`,
      { cause },
    );
  }
  const last = said.slice(-3).join(' | ') || (cause instanceof Error ? cause.message : String(cause));
  return new AttuneError('UNAVAILABLE', `The embedded Postgres in ${directory} did not start: ${last}`, { cause });
}

export async function assertFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new AttuneError(
          'CONFLICT',
          `Port ${port} is taken (${cause.code}); choose another port or stop what uses it.`,
          { cause },
        ),
      ),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
