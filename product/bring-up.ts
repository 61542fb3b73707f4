// Brings the whole product up over one data folder: set-up steps, then the supervised processes; used by start, simulate and tests.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';
import { engineSocket } from '@/core/sockets';
import { checkConnection, maskUrl } from '@/db/client';
import { assertFree, freePort, startEmbeddedPostgres } from '@/db/embedded';
import { migrateDatabase } from '@/db/migrate';
import { keptSecret } from '@/server/product';
import { env } from './env';
import { firstAdminLink } from './setup/admin-link';
import { runStep } from './setup/steps';
import { setupTensorflow } from './setup/tensorflow';
import { findWeights } from './setup/weights';
import { type ProcessPlan, type Supervisor, supervise } from './supervise';

export interface ProductOptions {
  dataFolder: string;
  /** Models and native libraries; shared between data folders. */
  sharedFolder: string;
  /** 0 takes a free port. */
  port: number;
  model?: string;
  databaseUrl?: string;
  dev?: boolean;
  /** `none` starts without the trainer, for tests that do not train. */
  trainer?: 'native' | 'none';
  threads: number;
  write: (line: string) => void;
}

export interface Product {
  url: string;
  databaseUrl: string;
  modelPath: string;
  supervisor: Supervisor;
  /** Signs the first admin in, once; null when an admin has signed in before. */
  adminLink(): Promise<string | null>;
  stop(): Promise<void>;
}

/** People who chat go before a training run; it still gets about a tenth of a core that they keep busy. */
const TRAINER_NICENESS = 10;

const ROOT = join(import.meta.dirname, '..');

/** Each step says what it did; what an earlier start did is not done again. Throws the step's own error. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { dataFolder, sharedFolder, write } = options;
  const shared = dataPaths(sharedFolder);
  await Promise.all([dataFolder, sharedFolder].map((folder) => mkdir(folder, { recursive: true })));
  const port = options.port || (await freePort());
  await assertFree(port);
  const database = await runStep('PostgreSQL', () => openDatabase(options));
  try {
    await runStep('Tables', async () => ({
      value: await migrateDatabase(database.url),
      summary: 'migrations are applied',
    }));
    const weights = await runStep('Weights', async (progress) => {
      const value = await findWeights({
        model: options.model,
        modelsFolder: shared.models,
        hubUrl: env.HF_ENDPOINT,
        hubToken: env.HF_TOKEN,
        progress,
      });
      return { value, summary: value.summary };
    });
    if (options.trainer !== 'none') await prepareTensorflow(sharedFolder);
    if (!options.dev) await runStep('Pages', () => buildPages());
    const url = `http://localhost:${port}`;
    const childEnv = await childEnvironment(options, port, database.url, weights.path);
    const supervisor = supervise(plans(options, childEnv, port), write);
    const stop = async () => {
      await supervisor.stop();
      await database.stop();
    };
    await untilReady(`${url}/api/ready`).catch(async (error) => {
      await stop();
      throw error;
    });
    return {
      url,
      databaseUrl: database.url,
      modelPath: weights.path,
      supervisor,
      adminLink: () => firstAdminLink(database.url, env.ATTUNE_URL ?? url, childEnv.AUTH_SECRET!),
      stop,
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

async function openDatabase({ databaseUrl, dataFolder }: ProductOptions) {
  if (databaseUrl) {
    await checkConnection(databaseUrl);
    return {
      value: { url: databaseUrl, stop: async () => {} },
      summary: `using ${maskUrl(databaseUrl)} (DATABASE_URL)`,
    };
  }
  const started = await startEmbeddedPostgres({ directory: dataPaths(dataFolder).postgres });
  return {
    value: { url: started.url, stop: () => started.stop() },
    summary: `runs on port ${new URL(started.url).port}, data in ${dataPaths(dataFolder).postgres}`,
  };
}

/** The chat does not need the trainer: what it lacks is said here and on the admin page, and the start goes on. */
async function prepareTensorflow(cacheDirectory: string): Promise<void> {
  await runStep('TensorFlow', async (progress) => {
    const { built, directory, seconds } = await setupTensorflow({
      cacheDirectory,
      onProgress: (_part, fraction) => progress(fraction, 1, 'part'),
    });
    return { value: null, summary: `${built ? `made in ${seconds.toFixed(0)} s` : 'is there'} (${directory})` };
  }).catch((error) => {
    if (!(error instanceof AttuneError && ['UNAVAILABLE', 'CORRUPT'].includes(error.code))) throw error;
    process.stdout.write('    The chat works without it; training starts once this is mended.\n');
  });
}

/** `next build` once for these sources: the stamp is a hash over the names, sizes and times of what the pages are built from. */
async function buildPages(): Promise<{ value: null; summary: string }> {
  const stampFile = join(ROOT, '.next', 'attune-stamp');
  const stamp = await sourceStamp();
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return { value: null, summary: 'are built' };
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules/next/dist/bin/next'), 'build'], {
      cwd: ROOT,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output = (output + chunk).slice(-8000)));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new AttuneError('INTERNAL', `next build ended with code ${code}:\n${output}`)),
    );
  });
  await writeFile(stampFile, stamp);
  return { value: null, summary: `built in ${((performance.now() - startedAt) / 1000).toFixed(0)} s (.next)` };
}

async function sourceStamp(): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of [
    'app',
    'server',
    'core',
    'engine',
    'db',
    'package-lock.json',
    'next.config.ts',
    'instrumentation.ts',
    'proxy.ts',
  ]) {
    const path = join(ROOT, entry);
    const info = await stat(path).catch(() => null);
    if (!info) continue;
    const files = info.isDirectory()
      ? (await readdir(path, { recursive: true, withFileTypes: true }))
          .filter((f) => f.isFile())
          .map((f) => join(f.parentPath, f.name))
      : [path];
    for (const file of files.sort()) {
      const { size, mtimeMs } = await stat(file);
      hash.update(`${relative(ROOT, file)} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

async function childEnvironment(
  options: ProductOptions,
  port: number,
  databaseUrl: string,
  modelPath: string,
): Promise<NodeJS.ProcessEnv> {
  const paths = dataPaths(options.dataFolder);
  await mkdir(paths.run, { recursive: true, mode: 0o700 });
  return {
    ...process.env,
    NODE_ENV: options.dev ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    AUTH_SECRET: keptSecret(paths.run),
    ATTUNE_DATA: options.dataFolder,
    ATTUNE_MODEL: modelPath,
    ATTUNE_ARTIFACTS: paths.artifacts,
    ATTUNE_CACHE: dataPaths(options.sharedFolder).cache,
    ATTUNE_ENGINE_SOCKET: engineSocket(options.dataFolder),
    ATTUNE_ENGINE_THREADS: String(options.threads),
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
}

function plans({ dev, trainer }: ProductOptions, childEnv: NodeJS.ProcessEnv, port: number): ProcessPlan[] {
  const typescript = (file: string) => [
    ...(dev ? [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), 'watch'] : ['--import', 'tsx']),
    join(ROOT, file),
  ];
  return [
    { name: 'engine', args: typescript('engine/process.ts'), env: childEnv },
    {
      name: 'web',
      args: [
        join(ROOT, 'node_modules/next/dist/bin/next'),
        dev ? 'dev' : 'start',
        '-p',
        String(port),
        ...(env.ATTUNE_HOST ? ['-H', env.ATTUNE_HOST] : []),
      ],
      env: childEnv,
    },
    ...(trainer === 'none'
      ? []
      : [{ name: 'trainer', args: typescript('trainer/main.ts'), env: childEnv, niceness: TRAINER_NICENESS }]),
  ];
}

async function untilReady(url: string, limitMs = 120_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const ok = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      (r) => r.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > deadline)
      throw new AttuneError(
        'UNAVAILABLE',
        `The product did not become ready within ${limitMs / 1000} s (${url}). The log above says why.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
