// A database, the engine over a tiny model, and several web processes over them, for what no page is needed for.
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeVersion } from '@/bench/serve/versions';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { startEmbeddedPostgres } from '@/db/embedded/start';
import { user, version } from '@/db/schema';
import { spawnEngine } from '@/engine/spawn';
import { startWebProcess, type WebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';
import { writeTinyLlama } from '@/test/tiny-llama';

export type Api = ReturnType<typeof createCaller>;

export interface RolloutWorld {
  db: Database;
  admin: Api['admin'];
  webs: WebProcess[];
  startWeb(): Promise<WebProcess>;
  apiOf(web: WebProcess, userId: string): Api;
  close(): Promise<void>;
}

/** With the versions that are named, each trained from the base. */
export async function createRolloutWorld(
  versions: string[],
  replicas: number,
  reviewEveryMs?: number,
): Promise<RolloutWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'attune-rollout-'));
  await chmod(folder, 0o755); // when run as root, Postgres runs as another user, who must be able to enter
  const modelPath = join(folder, 'model');
  await writeTinyLlama(modelPath, { seed: 1 });
  const database = await startEmbeddedPostgres({ directory: join(folder, 'postgres') });
  const artifacts = join(folder, 'artifacts');
  const socketPath = join(folder, 'engine.sock');
  const engine = await spawnEngine({ modelPath, artifacts, cache: join(folder, 'cache'), socketPath, threads: 1 });
  const webs: WebProcess[] = [];
  let started = 0;
  const startWeb = async () => {
    // Pools are kept by URL, so each process gets a URL that differs.
    const databaseUrl = `${database.url}${database.url.includes('?') ? '&' : '?'}application_name=web${started++}`;
    const web = await startWebProcess(
      {
        ...{ databaseUrl, dataFolder: folder, modelPath, engineSocket: socketPath, maxContext: null, authSecret: null },
        ...{ publicUrl: null, trustedProxies: [], privateHosts: [], localUrl: 'http://localhost', logLevel: 'silent' },
        ...{ metricsToken: null, tracesUrl: null },
        maxRank: 64,
      },
      reviewEveryMs === undefined ? {} : { reviewEveryMs },
    );
    webs.push(web);
    return web;
  };
  for (let at = 0; at < replicas; at++) await startWeb();
  const [{ product }] = webs as [WebProcess];
  const { base } = product;
  const db = getDatabase(database.url); // of no replica, so that any may end
  for (const [at, id] of versions.entries()) {
    await writeVersion(artifacts, base, id, at + 1);
    await db
      .insert(version)
      .values({ id, parentId: 'base', baseId: base.id, baseSha256: base.sha256, status: 'accepted' });
  }
  const adminId = randomUUID();
  await db.insert(user).values({ id: adminId, name: 'Admin', email: 'admin@example.org', role: 'admin' });
  const apiOf = ({ product: own }: WebProcess, id: string, role = 'user') =>
    createCaller({ product: own, user: { id, name: id, role, isAnonymous: false } });
  return {
    ...{ db, webs, startWeb, apiOf },
    admin: apiOf(webs[0]!, adminId, 'admin').admin,
    async close() {
      for (const web of webs) await web.close();
      await closeDatabase(database.url);
      await engine.close();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
