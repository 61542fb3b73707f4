// Finds the product's database for a command, whether or not the product runs.
import { dataPaths } from '@/core/paths';
import { embeddedUrl } from '@/db/embedded/start';
import { migrateDatabase } from '@/db/migrate';
import { openDatabase } from '@/product/database';
import { env } from '@/product/env';

/** The running product's database, or the folder's own, which then runs only for the command. */
export async function findDatabase(isRunning: boolean): Promise<{ url: string; stop(): Promise<void> }> {
  const { dataFolder } = env;
  if (isRunning && !env.DATABASE_URL) return { url: embeddedUrl(dataPaths(dataFolder).postgres), stop: async () => {} };
  const { value } = await openDatabase({ databaseUrl: env.DATABASE_URL, dataFolder, write: () => {} });
  await migrateDatabase(value.url);
  return value;
}
