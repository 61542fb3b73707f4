// A database, a base and a folder for data sets that are imported and exported.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import type { OwnRecord } from '@/core/exchange/record';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { conversation, promptSet, questionnaire, user } from '@/db/schema';
import { exportRecords } from '@/server/services/exchange/export';
import { importFile } from '@/server/services/exchange/import';
import { writeTinyLlama } from '@/test/tiny-llama';
import { createTestDatabase } from './database';

export interface ExchangeWorld {
  db: Database;
  base: Base;
  folder: string;
  /** Removes whatever was imported. */
  clear(): Promise<void>;
  importLines(lines: readonly string[], name?: string): ReturnType<typeof importFile>;
  exportAll(): Promise<OwnRecord[]>;
  close(): Promise<void>;
}

export async function createExchangeWorld(): Promise<ExchangeWorld> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-exchange-'));
  await writeTinyLlama(path.join(folder, 'tiny'), { seed: 1 });
  const tiny = await loadBase(path.join(folder, 'tiny'));
  // The real texts are longer than the tiny base reads.
  const config = { ...tiny.weights.config, maxPositions: 100_000 };
  const base = { ...tiny, weights: { ...tiny.weights, config } };
  const database = await createTestDatabase();
  const db = getDatabase(database.url);
  let files = 0;
  return {
    db,
    base,
    folder,
    async clear() {
      for (const table of [conversation, user, promptSet, questionnaire]) await db.delete(table);
    },
    async importLines(lines, name = 'set') {
      const file = path.join(folder, `${files++}.jsonl`);
      await writeFile(file, lines.map((line) => `${line}\n`).join(''));
      return importFile({ db, base }, file, { name, by: 'test' });
    },
    async exportAll() {
      const records: OwnRecord[] = [];
      for await (const record of exportRecords(db)) records.push(record);
      return records;
    },
    async close() {
      await closeDatabase(database.url);
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A line of a preference set: number n. */
export const pair = (n: number) =>
  JSON.stringify({ prompt: `Question ${n}?`, chosen: `good ${n}`, rejected: `bad ${n}`, person: `p${n % 3}` });
