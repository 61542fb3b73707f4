// Brings up the whole product on one data folder: the set-up steps, then the supervised processes.
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { explainWriteError } from '@/core/durable-file';
import { localUrl } from '@/core/env';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';
import { type Holder, lockFolder } from '@/core/process/folder-lock';
import { engineSocket, makeSocketFolder, removeSocketFolder, sweepSockets } from '@/core/process/sockets';
import { type ProcessPlan, type Supervisor, supervise } from '@/core/process/supervise';
import { migrateDatabase } from '@/db/migrate';
import { openDatabase } from './database';
import { env } from './env';
import { makePrivateFolders, productLock } from './folders';
import type { ProductOptions } from './options';
import { buildPages } from './pages';
import { assertFree, freePort } from './port';
import { authSecret, processPlans } from './processes';
import { type AdminAccess, openAdminAccess } from './setup/admin-link';
import { runStep } from './setup/steps';
import { setupTensorflow } from './setup/tensorflow';
import { findWeights } from './setup/weights';

export interface Product {
  url: string;
  databaseUrl: string;
  modelPath: string;
  supervisor: Supervisor;
  /** Resolves with the name of a process that a person ended; the caller then ends the others. */
  ended: Promise<string>;
  /** Whether an admin has a password, and a new link that signs one in. */
  adminAccess(): Promise<AdminAccess>;
  /** A link that signs the admin in once. */
  adminLink(): Promise<string>;
  stop(): Promise<void>;
}

/** After this many crashes of one process before it ever answers, waiting longer is useless. */
const HOPELESS_CRASHES = 3;
const READY_MS = 120_000;

/** Each step reports what it did; work of an earlier start is not repeated. Throws the step's own error. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const { dataFolder, sharedFolder, write, signal } = options;
  const port = options.port || (await freePort(env.ATTUNE_HOST));
  const url = localUrl({ ...env, PORT: port });
  const endings: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    makePrivateFolders(dataFolder);
    await mkdir(sharedFolder, { recursive: true }).catch((error) =>
      Promise.reject(explainWriteError(error, sharedFolder)),
    );
    const lock = await lockFolder(productLock(dataFolder), (holder) => alreadyRuns(dataFolder, holder));
    endings.push(() => lock.release());
    await assertFree(port, env.ATTUNE_HOST);
    const socket = engineSocket(dataFolder);
    await sweepSockets();
    makeSocketFolder(socket);
    endings.push(() => removeSocketFolder(socket));

    const database = await runStep('PostgreSQL', () => openDatabase(options));
    endings.push(() => database.stop());
    const modelPath = await unlessEnded(prepare(options, database.url), [database.ended], signal);
    const { supervisor, crash } = startProcesses(
      processPlans(options, { port, databaseUrl: database.url, modelPath }),
      write,
    );
    endings.push(() => supervisor.stop());
    const ended = Promise.race([supervisor.ended, database.ended]);
    await unlessEnded(untilReady(`${url}/api/ready`, crash), [ended], signal);
    lock.announce(env.ATTUNE_URL ?? url);
    const access = () =>
      openAdminAccess({ databaseUrl: database.url, url: env.ATTUNE_URL ?? url, secret: authSecret(dataFolder) });
    return {
      url,
      databaseUrl: database.url,
      modelPath,
      supervisor,
      ended,
      adminAccess: access,
      adminLink: async () => (await access()).link,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Everything that the processes need; returns the path of the weights. */
async function prepare(options: ProductOptions, databaseUrl: string): Promise<string> {
  const { sharedFolder, signal } = options;
  await runStep('Tables', async () => ({
    value: await migrateDatabase(databaseUrl),
    summary: 'migrations are applied',
  }));
  const weights = await runStep('Weights', async (progress) => {
    const value = await findWeights({
      model: options.model,
      modelsFolder: dataPaths(sharedFolder).models,
      hubUrl: env.HF_ENDPOINT,
      hubToken: env.HF_TOKEN,
      progress,
    });
    return { value, summary: value.summary };
  });
  if (options.trainer !== 'none') await prepareTensorflow(sharedFolder, signal);
  if (!options.dev) await runStep('Pages', (progress) => buildPages(progress, signal));
  return weights.path;
}

/**
 * The chat does not need TensorFlow: what is missing is reported here and on the admin page, and the start continues.
 */
async function prepareTensorflow(cacheDirectory: string, signal?: AbortSignal): Promise<void> {
  await runStep('TensorFlow', async (progress) => {
    const { built, directory, seconds } = await setupTensorflow({
      cacheDirectory,
      onProgress: (_part, fraction) => progress(fraction, 1, 'part'),
      signal,
    });
    return { value: null, summary: `${built ? `made in ${seconds.toFixed(0)} s` : 'is there'} (${directory})` };
  }).catch((error) => {
    if (!(error instanceof AttuneError && ['UNAVAILABLE', 'CORRUPT'].includes(error.code))) throw error;
    process.stdout.write('    The chat works without it; training starts once this is fixed.\n');
  });
}

function startProcesses(plans: ProcessPlan[], write: (line: string) => void) {
  const crashes = new Map<string, number>();
  const watched = plans.map((plan) => ({
    ...plan,
    onCrash: (lines: string[]) => {
      const count = (crashes.get(plan.name) ?? 0) + 1;
      crashes.set(plan.name, count);
      if (count === HOPELESS_CRASHES && plan.name !== 'trainer') last = { name: plan.name, lines };
    },
  }));
  let last: { name: string; lines: string[] } | null = null;
  return { supervisor: supervise(watched, write), crash: () => last };
}

async function untilReady(url: string, crash: () => { name: string; lines: string[] } | null): Promise<void> {
  for (const deadline = Date.now() + READY_MS; ; await sleep(100)) {
    const ok = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      (r) => r.ok,
      () => false,
    );
    if (ok) return;
    const crashed = crash();
    if (crashed)
      throw new AttuneError('UNAVAILABLE', `The ${crashed.name} process keeps crashing: ${crashed.lines.join('\n')}`);
    if (Date.now() > deadline)
      throw new AttuneError(
        'UNAVAILABLE',
        `The product did not become ready within ${READY_MS / 1000} s (${url}). The log above says why.`,
      );
  }
}

/** Stops waiting at once when told to end; what the work has started ends by the same signal, or with this process. */
async function unlessEnded<T>(work: Promise<T>, ended: Promise<string>[], signal?: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const gone = ended.map(async (name) =>
    Promise.reject(new AttuneError('CANCELLED', `The process ${await name} was ended by a signal.`)),
  );
  return Promise.race([work, aborted, ...gone]);
}

const alreadyRuns = (dataFolder: string, { pid, url }: Holder) =>
  new AttuneError(
    'CONFLICT',
    `Attune already runs on ${dataFolder}: process ${pid}${url ? `, ${url}` : ', which is starting'}. Stop it first, or set ATTUNE_DATA to another folder.`,
  );
