// A database, an engine and a web process that can be killed at any moment; each is started again, as the product does.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeVersion } from '@/bench/serve/versions';
import { loadBase } from '@/core/base/load-base';
import { AttuneError } from '@/core/errors';
import { LEASH } from '@/core/process/supervise';
import type { Rng } from '@/core/rng';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { startEmbeddedPostgres } from '@/db/embedded/start';
import { user, version } from '@/db/schema';
import { spawnEngine } from '@/engine/spawn';
import { writeTinyLlama } from '@/test/tiny-llama';
import type { Order, Reply } from './web-process';

export const ADMIN = 'kills-admin';
const PEOPLE = 4000;
const ANSWER_MS = 20_000;
const WEB = join(import.meta.dirname, 'web-process.ts');

/** In turn; the web process most, because the controller lives in it. */
const TARGETS = ['web', 'engine', 'web', 'postgres', 'web'] as const;
export type Target = 'web' | 'engine' | 'postgres';

export interface Killable {
  db: Database;
  people: readonly string[];
  rng: Rng;
  killed: Target[];
  kill(): void;
  /** Throws if the web process dies before it answers. */
  call<T = unknown>(userId: string | null, path: string, input: unknown): Promise<T>;
  close(): Promise<void>;
}

/** Versions of good candidates have even numbers. */
export const versionName = (rollout: number) => `${rollout % 2 === 0 ? 'good' : 'bad'}-${rollout}`;

export async function createKillable(rng: Rng, rollouts: number): Promise<Killable> {
  const folder = await mkdtemp(join(tmpdir(), 'attune-kills-'));
  await chmod(folder, 0o755); // when run as root, Postgres runs as another user, who must be able to enter
  const modelPath = join(folder, 'model');
  await writeTinyLlama(modelPath, { seed: 1 });
  const directory = join(folder, 'postgres');
  const database = await startEmbeddedPostgres({ directory });
  const [artifacts, engineSocket] = [join(folder, 'artifacts'), join(folder, 'engine.sock')];
  const own = { modelPath, artifacts, cache: join(folder, 'cache'), socketPath: engineSocket, threads: 1 };
  const engine = await spawnEngine({ ...own, restart: true });
  const settings = {
    ...{ databaseUrl: database.url, dataFolder: folder, modelPath, engineSocket, maxContext: null, authSecret: null },
    ...{ publicUrl: null, trustedProxies: [], privateHosts: [], localUrl: 'http://localhost', logLevel: 'silent' },
    maxRank: 64,
  };
  const web = keepWeb(JSON.stringify(settings));
  await web.ready();
  const db = getDatabase(database.url);
  const base = await loadBase(modelPath);
  for (let at = 0; at < rollouts; at++) {
    const id = versionName(at);
    await writeVersion(artifacts, base, id, at + 1);
    await db
      .insert(version)
      .values({ id, parentId: 'base', baseId: base.id, baseSha256: base.sha256, status: 'accepted' });
  }
  const people = Array.from({ length: PEOPLE }, (_, at) => `person-${at}`);
  await db.insert(user).values({ id: ADMIN, name: 'Admin', email: 'admin@example.org', role: 'admin' });
  await db.insert(user).values(people.map((id) => ({ id, name: id, email: `${id}@example.org` })));
  const killed: Target[] = [];
  return {
    ...{ db, people, rng, killed },
    kill() {
      const target = TARGETS[killed.length % TARGETS.length]!;
      const pid = target === 'web' ? web.pid() : target === 'engine' ? engine.child().pid : postmaster(directory);
      if (pid === undefined) return;
      try {
        process.kill(pid, 'SIGKILL');
        killed.push(target);
      } catch {
        // It is just being started again.
      }
    },
    call: web.call,
    async close() {
      web.close();
      await closeDatabase(database.url);
      await engine.close();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function postmaster(directory: string): number | undefined {
  try {
    return Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
}

/** A web process, started again as often as it ends. */
function keepWeb(settings: string) {
  let isClosing = false;
  let next = 1;
  let child: ChildProcess;
  let ready: Promise<void>;
  const waiting = new Map<number, (reply: Reply) => void>();
  const start = () => {
    child = spawn(process.execPath, [...LEASH, '--import', 'tsx', WEB, settings], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    ready = new Promise((resolve) => waiting.set(0, () => resolve()));
    child.on('message', (reply: Reply) => {
      waiting.get(reply.id)?.(reply);
      waiting.delete(reply.id);
    });
    child.once('exit', () => {
      for (const [id, answer] of [...waiting]) {
        if (id === 0) continue;
        waiting.delete(id);
        answer({ id, error: { code: 'GONE', message: 'the web process has ended' } });
      }
      if (!isClosing) setTimeout(start, 50);
    });
  };
  start();
  return {
    pid: () => child.pid,
    ready: async () => ready,
    async call<T>(userId: string | null, path: string, input: unknown): Promise<T> {
      await Promise.race([ready, sleep(ANSWER_MS)]);
      const id = next++;
      const reply = await new Promise<Reply>((resolve) => {
        waiting.set(id, resolve);
        child.send({ id, userId, path, input } satisfies Order, (error) => {
          if (error) resolve({ id, error: { code: 'GONE', message: error.message } });
        });
        setTimeout(() => resolve({ id, error: { code: 'GONE', message: 'no answer' } }), ANSWER_MS);
      });
      waiting.delete(id);
      if (reply.error) throw new AttuneError('UNAVAILABLE', `${path}: ${reply.error.code} ${reply.error.message}`);
      return reply.value as T;
    },
    close() {
      isClosing = true;
      child.kill('SIGKILL');
    },
  };
}
