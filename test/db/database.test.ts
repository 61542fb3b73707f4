// Opening databases: what is taken, unreachable or left behind is said, or mended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { checkConnection } from '@/db/client';
import { startEmbeddedPostgres } from '@/db/embedded';
import { migrateDatabase } from '@/db/migrate';
import { createTestDatabase } from './database';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'attune-embedded-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A product of its own process, which has started Postgres in the folder. */
async function startOwner(): Promise<ChildProcess> {
  const script = `import { startEmbeddedPostgres } from './db/embedded.ts';
    const { url } = await startEmbeddedPostgres({ directory: process.argv.at(-1) });
    console.log(url); setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script, path.join(folder, 'data')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the owner ended with ${code}`))),
  ]);
  return child;
}

describe('the embedded Postgres', () => {
  it('belongs to one product; when that was killed, the next one takes it over', async () => {
    const directory = path.join(folder, 'data');
    const owner = await startOwner();
    await expect(startEmbeddedPostgres({ directory })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`process ${owner.pid}`),
    });
    const exited = once(owner, 'exit');
    owner.kill('SIGKILL');
    await exited;
    const database = await startEmbeddedPostgres({ directory });
    await checkConnection(database.url);
    await database.stop();
    await expect(checkConnection(database.url)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('says which port is taken', async () => {
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as net.AddressInfo;
    await expect(startEmbeddedPostgres({ directory: path.join(folder, 'data'), port })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`Port ${port} is taken`),
    });
    taken.close();
  });
});

describe('a database URL', () => {
  it('that nobody answers is named without its password', async () => {
    const failure = checkConnection('postgres://ada:secret@127.0.0.1:1/chat');
    await expect(failure).rejects.toThrow(
      /postgres:\/\/ada:\*\*\*@127\.0\.0\.1:1\/chat cannot be reached \(.*ECONNREFUSED/,
    );
    const wrong = new URL(inject('postgresUrl'));
    wrong.password = 'hunter2';
    await expect(checkConnection(wrong.toString())).rejects.toThrow(/password authentication failed/);
    await expect(checkConnection(wrong.toString())).rejects.not.toThrow(/hunter2/);
  });

  it('may be migrated by several processes at once', async () => {
    const database = await createTestDatabase();
    await Promise.all([1, 2, 3].map(() => migrateDatabase(database.url)));
    await database.drop();
  });
});
