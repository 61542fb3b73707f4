// Starts the Postgres that comes as a package, for people without one, and keeps it running.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { explainWriteError } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { lockFolder } from '@/core/process/folder-lock';
import { isAlive } from '@/core/process/process-alive';
import { makeSocketFolder, removeSocketFolder, socketPath } from '@/core/process/sockets';
import { type Supervisor, supervise } from '@/core/process/supervise';
import { findPostgresBinaries } from './binaries';
import { ACCESS_FILE, DATABASE, keptPassword, openCluster, ROLE } from './cluster';
import { assertReachable, postgresIdentity } from './identity';
import { explainPostgres } from './trouble';

export interface EmbeddedDatabase {
  url: string;
  /** Resolves when a person has ended the server. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Created at the first start. */
  directory: string;
  write?: (line: string) => void;
  /** Cancels a start in progress. */
  signal?: AbortSignal;
}

const isWindows = process.platform === 'win32';
/** Exists in every cluster. */
const DATABASE_OF_ALL = 'postgres';
const START_MS = 60_000;
/** How long to wait for a server that still flushes data. */
const GRACE_MS = 60_000;
const KEEPER = path.join(import.meta.dirname, 'keeper.mjs');
/** The name of a socket includes a port; nothing listens on the port itself, except where there are no sockets. */
const SOCKET_PORT = 5432;

/**
 * Throws CONFLICT if another product runs on the folder, and a clear error for anything else that prevents the start.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const directory = path.resolve(options.directory);
  refuseFormerOwner(directory);
  const lock = await lockFolder(`${directory}.owner`, ({ pid }) => inUse(directory, pid));
  let supervisor: Supervisor | null = null;
  const stop = async () => {
    await supervisor?.stop();
    if (!isWindows) removeSocketFolder(socketOf(directory));
    lock.release();
  };
  try {
    const binaries = await findPostgresBinaries();
    const identity = postgresIdentity();
    if (identity) assertReachable([directory, binaries.postgres]);
    try {
      mkdirSync(path.dirname(directory), { recursive: true });
    } catch (error) {
      throw explainWriteError(error, directory);
    }
    const { signal, write = () => {} } = options;
    // First: the new server uses the same socket, and a server that is about to end would answer in its place.
    if (existsSync(path.join(directory, 'postmaster.pid'))) await runKeeper({ directory });
    const password = await openCluster({ directory, binaries, identity, signal });
    if (!isWindows) makeSocketFolder(socketOf(directory), identity?.uid);
    const { listen, url } = placeOf(directory, password, isWindows ? await freePort() : SOCKET_PORT);
    const access = ['-c', `hba_file=${path.join(directory, ACCESS_FILE)}`];
    const args = ['-D', directory, ...access, ...QUIET, ...listen];
    const plan = { directory, command: binaries.postgres, args, identity };
    let crashed: string[] | null = null;
    let isReady = false;
    supervisor = supervise(
      [
        {
          name: 'postgres',
          args: [KEEPER, JSON.stringify(plan)],
          env: process.env,
          // Ctrl-C in the terminal must reach it only through stop(), after the processes that still write have ended.
          detached: !isWindows,
          onCrash: (lines) => {
            crashed = lines;
          },
        },
      ],
      // Until the server is ready, the error has these lines.
      (line) => isReady && write(line),
      GRACE_MS,
    );
    await ready(url(DATABASE_OF_ALL), () => crashed, directory, signal);
    isReady = true;
    return { url: url(DATABASE), ended: supervisor.ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The product's database on the server that runs on a folder. Throws NOT_FOUND if none was ever made. */
export function embeddedUrl(directory: string): string {
  const at = path.resolve(directory);
  const password = keptPassword(at);
  if (password === null)
    throw new AttuneError('NOT_FOUND', `${at} has no database yet. Start Attune once, or set ATTUNE_DATA.`);
  return placeOf(at, password, isWindows ? runningPort(at) : SOCKET_PORT).url(DATABASE);
}

/** The port is the fourth line of postmaster.pid. */
const runningPort = (directory: string) =>
  Number(readFileSync(path.join(directory, 'postmaster.pid'), 'utf8').split('\n')[3]);

/** Where the server listens: on a socket that other users cannot reach, or on loopback if the system has no sockets. */
function placeOf(directory: string, password: string, port: number) {
  if (isWindows)
    return {
      listen: ['-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
      url: (database: string) => `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}`,
    };
  const folder = path.dirname(socketOf(directory));
  const directories = `unix_socket_directories=${quote(folder)}`;
  return {
    listen: ['-p', String(port), '-c', 'listen_addresses=', '-c', directories, '-c', 'unix_socket_permissions=0700'],
    url: (database: string) =>
      `postgres://${ROLE}:${password}@localhost/${database}?host=${encodeURIComponent(folder)}&port=${port}`,
  };
}

/** LOG includes shutdowns; ERROR and WARNING, which may quote people's words, are below it and not logged. */
const QUIET = ['-c', 'log_min_messages=log', '-c', 'log_min_error_statement=panic', '-c', 'logging_collector=off'];

const socketOf = (directory: string) => socketPath(directory, `.s.PGSQL.${SOCKET_PORT}`);

/** The setting is a list: a comma or a space in a folder's name must not end an entry. */
const quote = (folder: string) => `"${folder.replaceAll('"', '""')}"`;

/** Creates the product's database as soon as the server takes connections. */
async function ready(
  url: string,
  crash: () => string[] | null,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const deadline = Date.now() + START_MS; ; await sleep(50)) {
    signal?.throwIfAborted();
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
      if (!rowCount) await client.query(`create database ${DATABASE}`);
      return;
    } catch (error) {
      const lines = crash();
      // 57P03: still starting.
      const isRefused = /^(28|42|53)/.test(String((error as { code?: string }).code));
      if (lines || isRefused || Date.now() > deadline) throw explainPostgres(error, lines ?? [], directory);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Earlier releases wrote the owner's process id here. */
function refuseFormerOwner(directory: string): void {
  const file = `${directory}.owner`;
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  if (pid !== process.pid && isAlive(pid)) throw inUse(directory, pid);
  rmSync(file, { force: true });
}

const inUse = (directory: string, pid: number) =>
  new AttuneError(
    'CONFLICT',
    `The database folder ${directory} is in use by process ${pid}; stop that Attune first, or set ATTUNE_DATA to another folder.`,
  );

function runKeeper(order: { directory: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    spawn(process.execPath, [KEEPER, JSON.stringify(order)], { stdio: 'inherit' })
      .once('error', reject)
      .once('close', () => resolve());
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
