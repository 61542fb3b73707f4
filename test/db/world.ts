// A complete product without pages: a database, the real engine over a tiny Llama, and web processes that share them.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Adapter, ALL_TARGETS, loraKey } from '@/core/artifact/adapter';
import { writeArtifact } from '@/core/artifact/artifact';
import { projectionShape } from '@/core/base/model-config';
import type { Logger } from '@/core/logger';
import type { Host } from '@/core/network/hosts';
import { Rng } from '@/core/rng';
import { user, version } from '@/db/schema';
import { type SpawnedEngine, spawnEngine } from '@/engine/spawn';
import { startWebProcess, type WebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';
import type { SamplingOverride } from '@/server/routers/inputs';
import type { StreamEvent } from '@/server/services/views';
import { type TinyLlamaOptions, writeTinyLlama } from '@/test/tiny-llama';
import { createTestDatabase } from './database';

export type Api = ReturnType<typeof createCaller>;

export interface World {
  engine: SpawnedEngine;
  databaseUrl: string;
  artifacts: string;
  web: WebProcess;
  /** Starts another replica, or the next process, over the same database and engine. */
  startWeb(options?: {
    databaseUrl?: string;
    log?: Logger;
    reviewEveryMs?: number;
    tracesUrl?: string;
  }): Promise<WebProcess>;
  close(): Promise<void>;
}

export async function createWorld(
  tiny: TinyLlamaOptions = { seed: 1 },
  random: () => number = Math.random,
  privateHosts: Host[] = [],
): Promise<World> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'attune-world-'));
  const modelPath = path.join(folder, 'tiny');
  const socketPath = path.join(folder, 'engine.sock');
  await writeTinyLlama(modelPath, tiny);
  const database = await createTestDatabase();
  const artifacts = path.join(folder, 'artifacts');
  const engine = await spawnEngine({ modelPath, artifacts, cache: path.join(folder, 'cache'), socketPath, threads: 1 });
  const processes: WebProcess[] = [];
  const startWeb: World['startWeb'] = async (options = {}) => {
    // Pools are kept by URL, so each process gets a URL that differs.
    const databaseUrl = `${options.databaseUrl ?? database.url}?application_name=web${processes.length}`;
    const web = await startWebProcess(
      {
        databaseUrl,
        dataFolder: folder,
        modelPath,
        engineSocket: socketPath,
        maxContext: null,
        maxRank: 64,
        authSecret: null,
        publicUrl: null,
        trustedProxies: [],
        privateHosts,
        localUrl: 'http://localhost:3000',
        logLevel: 'silent',
        metricsToken: null,
        tracesUrl: options.tracesUrl ?? null,
      },
      { random, log: options.log, reviewEveryMs: options.reviewEveryMs },
    );
    processes.push(web);
    return web;
  };
  return {
    engine,
    databaseUrl: database.url,
    artifacts,
    web: await startWeb(),
    startWeb,
    async close() {
      engine.child().kill('SIGCONT');
      for (const web of processes) await web.close();
      await engine.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const callAs = ({ product }: WebProcess, id: string, role = 'user'): Api =>
  createCaller({ product, user: { id, name: id, role, isAnonymous: false } });

export async function createUser(web: WebProcess, role = 'user'): Promise<string> {
  const id = randomUUID();
  await web.product.db.insert(user).values({ id, name: 'Ada', email: `${id}@example.org`, role });
  return id;
}

/** Publishes a random adapter under this id, as the trainer would. */
export async function publishVersion({ product }: WebProcess, root: string, id: string): Promise<void> {
  const { base, db } = product;
  const { config } = base.weights;
  const rng = new Rng(id.length);
  const normals = (length: number) => Float32Array.from({ length }, () => 0.1 * rng.normal());
  const pairs: Adapter['pairs'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of ALL_TARGETS) {
      const [out, in_] = projectionShape(config, projection);
      pairs.set(loraKey(layer, projection), { a: normals(2 * in_), b: normals(2 * out) });
    }
  }
  const facts = { versionId: id, baseId: base.id, baseSha256: base.sha256, parentVersionId: 'base', runId: null };
  await writeArtifact(
    root,
    { ...facts, snapshotId: null, snapshotSha256: null, gates: [], createdAt: '2025-01-01T00:00:00Z' },
    { rank: 2, alpha: 2, targets: ALL_TARGETS, pairs },
  );
  await db
    .insert(version)
    .values({ id, parentId: 'base', baseId: base.id, baseSha256: base.sha256, status: 'accepted' });
}

export interface Turn {
  conversationId?: string;
  parentId?: string | null;
  clientMessageId?: string;
  allowTraining?: boolean;
  sampling?: SamplingOverride;
}

export function send(api: Api, text: string, turn: Turn = {}) {
  return api.chat.send({
    conversationId: turn.conversationId ?? randomUUID(),
    parentId: turn.parentId ?? null,
    clientMessageId: turn.clientMessageId ?? randomUUID(),
    text,
    allowTraining: turn.allowTraining ?? true,
    sampling: turn.sampling ?? { maxTokens: 24 },
  });
}

/** Reads every event until the end, or until `enough` returns true. */
export async function readStream(
  api: Api,
  { generationId, lastEventId }: { generationId: string; lastEventId?: string | null },
  enough: (events: [id: string, event: StreamEvent][]) => boolean = () => false,
): Promise<[id: string, event: StreamEvent][]> {
  const events: [string, StreamEvent][] = [];
  for await (const envelope of await api.chat.stream({ generationId, lastEventId })) {
    // This caller gets the envelope itself, although its type is what a client would get.
    const [id, event] = envelope as unknown as [string, StreamEvent];
    events.push([id, event]);
    if (enough(events)) break;
  }
  return events;
}

/** Sends a message and reads its answer to the end. */
export async function answerTo(api: Api, text: string, turn: Turn = {}) {
  const sent = await send(api, text, turn);
  const events = await readStream(api, sent.answers[0]!);
  return { ...sent, ...sent.answers[0]!, text: assemble(events), events };
}

/** The text as a page assembles it. */
export function assemble(events: [id: string, event: StreamEvent][]): string {
  return events.reduce((text, [, event]) => (event.type === 'delta' ? text + event.text : event.text), '');
}
