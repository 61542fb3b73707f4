// The commands of `npx attune` on a product's database: an adapter enters, leaves again, and an admin gets a link.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeDatabase, getDatabase } from '@/db/client';
import { seedBase } from '@/db/release';
import { audit, trainingRun, user } from '@/db/schema';
import { addThumbs } from '@/test/prompts';
import { createTestDatabase, type TestDatabase } from './database';

const ROOT = path.join(import.meta.dirname, '../..');
const FORMER = path.join(ROOT, 'test/fixtures/former');
const RUN = path.join(FORMER, 'finished');
const [VERSION] = readdirSync(path.join(RUN, 'artifacts'));

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'attune-commands-'));
  database = await createTestDatabase();
});
afterAll(async () => {
  await closeDatabase(database.url);
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command as a person does, on a data folder of its own. */
function attune(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'cli/attune.ts', ...args], {
      cwd: ROOT,
      env: {
        ...process.env,
        ...{ ATTUNE_DATA: folder, ATTUNE_MODEL: path.join(FORMER, 'base'), DATABASE_URL: database.url },
      },
    });
    const said = { output: '', errors: '' };
    child.stdout.on('data', (part) => (said.output += part));
    child.stderr.on('data', (part) => (said.errors += part));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

it('import adapter queues a run that judges it, and refuses its name a second time', async () => {
  const db = getDatabase(database.url);
  await seedBase(db, { id: 'base', sha256: '0'.repeat(64) });
  await db.insert(user).values({ id: 'bob', name: 'Bob', email: 'bob@example.org' });
  const refused = await attune('import', 'adapter', RUN, '--name', 'from-elsewhere', '--preset', 'tiny');
  expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining('The run cannot start') });
  await addThumbs(db, { userId: 'bob', thumbs: [true, false, true, false, true, false].map((up) => ({ up })) });
  const first = await attune('import', 'adapter', RUN, '--name', 'from-elsewhere', '--preset', 'tiny');
  const rows = await db.select().from(trainingRun);
  expect(rows).toMatchObject([{ kind: 'judge', status: 'queued', imported: { versionId: 'from-elsewhere' } }]);
  expect(first).toMatchObject({ code: 0, output: expect.stringContaining(`The run ${rows[0]!.id} judges`) });
  expect((await db.select().from(audit)).map(({ subject }) => subject)).toContain('from-elsewhere');
  const again = await attune('import', 'adapter', RUN, '--name', 'from-elsewhere', '--preset', 'tiny');
  expect(again).toMatchObject({ code: 1, errors: expect.stringContaining('from-elsewhere') });
  expect(await db.select().from(trainingRun)).toEqual(rows);
  const artifacts = path.join(folder, 'artifacts');
  expect(await attune('import', 'adapter', RUN, '--name', 'from-elsewhere', '--artifacts', artifacts)).toMatchObject({
    ...{ code: 0, output: expect.stringContaining('from-elsewhere is in ') },
  });
});

it.each([
  ['a version of the product', 'from-elsewhere'],
  ['the folder of a run', RUN],
  ['the folder of a version', path.join(RUN, 'artifacts', VERSION!)],
])('export writes %s as a model', async (_, given) => {
  const out = path.join(folder, `out-${path.basename(given)}`);
  const { code, output } = await attune('export', given, '--format', 'safetensors', '--out', out);
  expect([code, output]).toEqual([0, expect.stringContaining(`is in ${out}`)]);
  expect(readdirSync(out)).toEqual(expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json']));
});

it('admin-link prints a link for the first admin, and refuses an address without the role', async () => {
  const { code, output } = await attune('admin-link');
  expect([code, output]).toEqual([
    0,
    expect.stringMatching(/^http:\/\/\S+\/api\/auth\/magic-link\/verify\?token=\S+\n$/),
  ]);
  const db = getDatabase(database.url);
  await db.insert(user).values({ id: 'ada', name: 'Ada', email: 'ada@example.org' });
  const refused = await attune('admin-link', 'ada@example.org');
  expect(refused).toMatchObject({ code: 1, output: '', errors: expect.stringContaining('without the admin role') });
});
