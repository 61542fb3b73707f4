// Opens the product's database: the one that DATABASE_URL names, or the embedded one of the data folder.
import { dataPaths } from '@/core/paths';
import { checkConnection, maskUrl } from '@/db/client';
import { type EmbeddedDatabase, startEmbeddedPostgres } from '@/db/embedded/start';
import type { ProductOptions } from './options';

type DatabaseOptions = Pick<ProductOptions, 'databaseUrl' | 'dataFolder' | 'write' | 'signal'>;

export async function openDatabase(options: DatabaseOptions): Promise<{ value: EmbeddedDatabase; summary: string }> {
  const { databaseUrl: url, dataFolder, write, signal } = options;
  if (url) {
    await checkConnection(url);
    const never = new Promise<string>(() => {});
    return { value: { url, ended: never, stop: async () => {} }, summary: `using ${maskUrl(url)} (DATABASE_URL)` };
  }
  const directory = dataPaths(dataFolder).postgres;
  return {
    value: await startEmbeddedPostgres({ directory, write, signal }),
    summary: `runs, data in ${directory}`,
  };
}
