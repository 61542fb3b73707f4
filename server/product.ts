// Puts the parts of one web process together, starts them, and ends them.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { loadBase } from '@/core/base/load-base';
import { Classifiers } from '@/core/classifier/classifiers';
import { CHANNELS } from '@/core/contract';
import { createLogger, type Logger } from '@/core/logger';
import { dataPaths } from '@/core/paths';
import { createSecretBox } from '@/core/secret-box';
import { checkConnection, closeDatabase, getDatabase } from '@/db/client';
import { Listener } from '@/db/listener';
import { migrateDatabase } from '@/db/migrate';
import { seedBase } from '@/db/release';
import { EngineClient } from '@/engine/client';
import { type Auth, createAuth } from './auth';
import { RuleBook } from './constraints/rule-book';
import { createTools } from './constraints/tools';
import { readServerEnv, type ServerSettings } from './env';
import { followReleases } from './follow-releases';
import { createOutgoing } from './http/outgoing';
import { capacityOf } from './services/engine-capacity';
import { resumeGenerations } from './services/generation/resume';
import { followJudges } from './services/judge/worker';
import { Monitor } from './services/monitoring/monitor';
import { openTraces } from './services/monitoring/traces';
import type { Product } from './services/product';
import { repeat } from './services/repeat';
import { startCalculator } from './services/statistics/kept/calculator';
import { followFigures } from './services/statistics/kept/follow';
import { followCanary } from './services/version/canary-controller';
import { followExperiments } from './services/version/experiment-review';
import { followWebhooks } from './services/webhook/deliver';
import { followEngine } from './services/webhook/engine-alarm';

export interface WebProcess {
  product: Product;
  auth: Auth;
  /** Opens the metrics; null if only an administrator's key does. */
  metricsToken: string | null;
  /** Leaves answers in progress to the next process. */
  close(): Promise<void>;
}

/** How often generations of a replica that died are looked for, in milliseconds. */
const RESUME_EVERY_MS = 10_000;

/** No upload takes as long. */
const KEPT_UPLOAD_MS = 24 * 60 * 60 * 1000;

/** Next compiles instrumentation and each route separately, so a module's variable would exist several times. */
const held = globalThis as typeof globalThis & { attuneWebProcess?: Promise<WebProcess> };

/** This process's product, started at the first call; after a failed start the next call tries again. */
export function getWebProcess(): Promise<WebProcess> {
  if (!held.attuneWebProcess) {
    held.attuneWebProcess = startWebProcess(readServerEnv()).catch((error: unknown) => {
      held.attuneWebProcess = undefined;
      throw error;
    });
  }
  return held.attuneWebProcess;
}

interface ProcessParts {
  /** Uniform in [0, 1). */
  random?: () => number;
  log?: Logger;
  /** How often the rollout is reviewed. */
  reviewEveryMs?: number;
}

export async function startWebProcess(
  settings: ServerSettings,
  { random = Math.random, log = createLogger('web', { level: settings.logLevel }), reviewEveryMs }: ProcessParts = {},
): Promise<WebProcess> {
  const { databaseUrl } = settings;
  const base = await loadBase(settings.modelPath);
  await checkConnection(databaseUrl);
  await migrateDatabase(databaseUrl);
  const db = getDatabase(databaseUrl);
  const listener = new Listener(databaseUrl, (error) => log.warn({ err: error }, 'listening connection'));
  await listener.start(Object.values(CHANNELS));
  const engine = new EngineClient(settings.engineSocket);
  const maxContext = Math.min(base.weights.config.maxPositions, settings.maxContext ?? Number.POSITIVE_INFINITY);
  const { run, runs, snapshots, artifacts, uploads, classifiers: classifiersFolder } = dataPaths(settings.dataFolder);
  const outgoing = createOutgoing({ privateHosts: settings.privateHosts });
  const classifiers = new Classifiers(classifiersFolder, (...asked) => engine.classify(...asked));
  const folders = { runs, snapshots, artifacts, uploads };
  await clearUploads(uploads);
  const secret = settings.authSecret ?? keptSecret(run);
  const product: Product = {
    ...{ log, db, listener, base, engine, ...folders, maxContext, maxRank: settings.maxRank, random },
    calculator: startCalculator(databaseUrl, runs),
    running: new Map(),
    secrets: createSecretBox(secret, 'attune judge keys'),
    rules: new RuleBook(db),
    ...{ outgoing, classifiers, tools: createTools(outgoing, classifiers) },
    monitor: new Monitor(await openTraces(settings.tracesUrl)),
  };
  const auth = createAuth(db, {
    secret,
    baseUrl: settings.publicUrl ?? settings.localUrl,
    log,
  });

  await seedBase(db, base);
  followReleases(product);
  capacityOf(product); // asked now, so that it is known at the first request
  await resumeGenerations(product);
  const background = [
    repeat(product, { everyMs: RESUME_EVERY_MS, failure: 'the search for lost generations failed' }, () =>
      resumeGenerations(product),
    ),
    followJudges(product),
    followCanary(product, reviewEveryMs),
    followExperiments(product, reviewEveryMs),
    followFigures(product),
    followWebhooks(product),
    followEngine(product),
  ];

  const close = async () => {
    await Promise.all(background.map((work) => work.close()));
    const running = [...product.running.values()];
    for (const generation of running) generation.abandon();
    await Promise.allSettled(running.map((generation) => generation.done));
    await product.monitor.close();
    engine.close();
    await listener.close();
    await closeDatabase(databaseUrl);
  };
  return { product, auth, metricsToken: settings.metricsToken, close };
}

/** What an earlier process left when it died; other replicas may be receiving something. */
async function clearUploads(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > KEPT_UPLOAD_MS) await rm(file, { recursive: true, force: true });
  }
}

/** Made at the first start; a new one would sign everyone out. */
export function keptSecret(folder: string): string {
  const file = path.join(folder, 'auth-secret');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // Another process was first, so its secret counts.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return readFileSync(file, 'utf8').trim();
}
