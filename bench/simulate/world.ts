// Brings up the whole product on an empty database for a simulation, with an admin and guests, and ends it.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProduct } from '@/product/bring-up';
import { env } from '@/product/env';
import { type Api, createApi, signInAsGuest, signInByLink } from './client';
import { inParallel } from './crowd';
import { withBar } from './progress';

export interface World {
  url: string;
  databaseUrl: string;
  dataFolder: string;
  modelPath: string;
  admin: Api;
  people: Api[];
}

export interface WorldOptions {
  /** Of the data folder. */
  name: string;
  people: number;
  /** Keeps the database and the versions. */
  keep: boolean;
}

/** The product's log lies in the data folder, and its end is printed when the work fails. */
export async function withWorld<T>(
  { name, people, keep }: WorldOptions,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const dataFolder = join(env.dataFolder, `simulate-${name}`);
  await rm(dataFolder, { recursive: true, force: true });
  await mkdir(dataFolder, { recursive: true });
  const log: string[] = [];
  const product = await startProduct({
    dataFolder,
    sharedFolder: env.dataFolder,
    port: 0,
    model: env.ATTUNE_MODEL,
    threads: env.ATTUNE_ENGINE_THREADS,
    write: (line) => log.push(line),
  });
  // When a signal ends this script, the product's processes must also end.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void product.stop().then(() => process.exit(130)));
  try {
    const { url, databaseUrl, modelPath } = product;
    const admin = createApi(url, await signInByLink(await product.adminLink()));
    return await work({ url, databaseUrl, dataFolder, modelPath, admin, people: await signIn(url, people) });
  } catch (error) {
    console.error(log.slice(-40).join('\n'));
    throw error;
  } finally {
    await writeFile(join(dataFolder, 'product.log'), `${log.join('\n')}\n`);
    await product.stop();
    if (!keep) await rm(join(dataFolder, 'postgres'), { recursive: true, force: true });
  }
}

async function signIn(url: string, count: number): Promise<Api[]> {
  return withBar('people', count, async (onPerson) => {
    let done = 0;
    return inParallel(Array.from({ length: count }), 1, async () => {
      const api = createApi(url, await signInAsGuest(url));
      onPerson(++done);
      return api;
    });
  });
}
