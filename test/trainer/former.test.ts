// What commit 28984c2 wrote still loads: a base, a version, snapshots, an interrupted run, and a migrated database.
import { cpSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readArtifact } from '@/core/artifact/artifact';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { sha256 } from '@/core/hash';
import { parseRow, type SnapshotRow } from '@/core/snapshot/snapshot';
import { closeDatabase, getDatabase } from '@/db/client';
import { migrateDatabase } from '@/db/migrate';
import { champion } from '@/db/release';
import * as schema from '@/db/schema';
import { startBackend } from '@/trainer/backend';
import { runPipeline } from '@/trainer/pipeline';
import { filesHome, readResult } from '@/trainer/runs/folder-store';
import { RunManifest } from '@/trainer/runs/manifest';
import { problem, silent } from './process-support';

const former = join(import.meta.dirname, '../fixtures/former');
let folder: string;
let base: Base;
const inFolder = (name: string) => join(folder, name);
const textsOf = async (file: string) => (await readFile(file, 'utf8')).trim().split('\n');
const rowsOf = async (file: string) => (await textsOf(file)).map(parseRow);
/** Rows with their fields in the order of the file, because that order enters the hash. */
const linesOf = async (file: string) => (await textsOf(file)).map((line) => JSON.parse(line) as SnapshotRow);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-former-'));
  cpSync(former, folder, { recursive: true });
  base = await loadBase(inFolder('base'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a version loads over its base, every hash agrees, and its run’s settings are read', async () => {
  const result = (await readResult(inFolder('finished')))!;
  const directory = join(inFolder('finished/artifacts'), result.versionId);
  const { manifest, adapter } = await readArtifact(directory, { verify: true, base });
  expect(manifest).toMatchObject({ versionId: result.versionId, parentVersionId: 'base', baseSha256: base.sha256 });
  expect(adapter).toMatchObject({ rank: 2, alpha: 4 });
  const run = RunManifest.parse(JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')));
  expect(run.config.ppo.iterations).toBe(1);
});

it('the rows of both snapshots, from files and from the product, are read', async () => {
  expect(new Set((await rowsOf(inFolder('interrupted/snapshot.jsonl'))).map(({ kind }) => kind))).toEqual(
    new Set(['comparison', 'demonstration', 'prompt']),
  );
  expect((await rowsOf(inFolder('snapshot.jsonl'))).map(({ kind }) => kind)).toContain('comparison');
});

describe.skipIf(problem)('a run that was interrupted at that commit', () => {
  it('continues from its checkpoint to a judged version', async () => {
    await startBackend();
    const order = JSON.parse(await readFile(inFolder('interrupted/order.json'), 'utf8'));
    const home = await filesHome({
      folder: inFolder('interrupted'),
      config: order.config,
      parent: null,
      data: { rows: await linesOf(inFolder('interrupted/snapshot.jsonl')), counts: {} },
      constraints: undefined,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const settings = {
      modelPath: inFolder('base'),
      cache: inFolder('cache'),
      classifiers: inFolder('classifiers'),
      engineThreads: 1,
    };
    const { versionId } = await runPipeline(home, settings, silent);
    const { adapter } = await readArtifact(join(home.artifacts, versionId), { verify: true, base });
    expect([...adapter.pairs.values()].some(({ b }) => b.some((x) => x !== 0))).toBe(true);
    // The reward model came from its checkpoint and was not trained again: its curve has only one start.
    const steps = (await readFile(inFolder('interrupted/metrics.jsonl'), 'utf8'))
      .split('\n')
      .filter((line) => line.includes('"reward_model"') && line.includes('"step":1,'));
    expect(steps.length).toBeLessThanOrEqual(1);
  }, 300_000);
});

describe('a database that was filled at that commit', () => {
  const name = `former_${process.pid}`;
  let url: string;
  const run = async (target: string, statement: string) => {
    const client = new pg.Client({ connectionString: target });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  beforeAll(async () => {
    await run(inject('postgresUrl'), `create database ${name}`);
    const own = new URL(inject('postgresUrl'));
    own.pathname = name;
    url = own.toString();
    await run(url, await readFile(join(former, 'database.sql'), 'utf8'));
    await migrateDatabase(url);
  });
  afterAll(async () => {
    await closeDatabase(url);
    await run(inject('postgresUrl'), `drop database if exists ${name} with (force)`);
  });

  it('has its people, words, votes, settings and release after all current migrations', async () => {
    const db = getDatabase(url);
    const rows = await Promise.all(
      [schema.user, schema.account, schema.conversation, schema.message, schema.feedback].map((table) =>
        db.select().from(table),
      ),
    );
    expect(rows.map(({ length }) => length)).toEqual([2, 2, 2, 9, 2]);
    const conversations = await db.select().from(schema.conversation);
    expect(conversations.map(({ allowTraining }) => allowTraining).sort()).toEqual([false, true]);
    // People said yes to words that did not name raters: their chats train the model, and they are asked again.
    expect(conversations.map(({ readersNamed }) => readersNamed)).toEqual([false, false]);
    expect((await db.select().from(schema.user)).map(({ allowTraining }) => allowTraining)).not.toContain(true);
    const settings = new Map((await db.select().from(schema.setting)).map(({ key, value }) => [key, value]));
    expect(settings.get('systemPrompt')).toBe('Be brief.');
    const [versionId] = await readdir(join(former, 'finished/artifacts'));
    expect((await champion(db)).versionId).toBe(versionId);
    const [snapshot] = await db.select().from(schema.snapshot);
    expect(snapshot!.sha256).toBe(sha256(await readFile(join(former, 'snapshot.jsonl'))));
    expect((await db.select().from(schema.trainingRun)).map(({ status }) => status).sort()).toEqual(['done', 'queued']);
  });
});
