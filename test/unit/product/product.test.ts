// A start that cannot succeed says why before it creates, downloads or builds anything.
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { lockFolder } from '@/core/process/folder-lock';
import { startProduct } from '@/product/bring-up';
import { productLock } from '@/product/folders';
import { failure, temporaryFolder } from '@/test/unit/core/files';

const root = temporaryFolder();
const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const fail = (change: { port?: number; databaseUrl?: string; dataFolder?: string }) =>
  failure(() =>
    startProduct({
      dataFolder: root,
      sharedFolder: root,
      threads: 1,
      trainer: 'none',
      port: 0,
      write: () => {},
      ...change,
    }),
  );

const listen = (host: string) =>
  new Promise<number>((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    servers.push(server);
    server.listen({ port: 0, host, ipv6Only: host.includes(':') }, () =>
      resolve((server.address() as net.AddressInfo).port),
    );
  });

test.each(['127.0.0.1', '::1', '0.0.0.0', '::'])(
  'a port that is taken only on %s is named, and no database is made',
  async (host) => {
    const port = await listen(host).catch(() => null);
    if (port === null) return; // a machine without IPv6
    const { code, message } = await fail({ port });
    expect(code).toBe('CONFLICT');
    expect(message).toMatch(
      new RegExp(`^Port ${port} is taken \\(.*\\). Set PORT to another one, or stop what uses it.$`),
    );
    expect(existsSync(join(root, 'postgres'))).toBe(false);
  },
);

test('a folder over which another Attune runs is refused, naming its process and address', async () => {
  const lock = await lockFolder(productLock(root), () => new Error('taken'));
  lock.announce('http://localhost:4000');
  expect(await fail({})).toEqual({
    code: 'CONFLICT',
    message: `Attune already runs on ${root}: process ${process.pid}, http://localhost:4000. Stop it first, or set ATTUNE_DATA to another folder.`,
  });
  lock.release();
});

describe.skipIf(process.platform === 'win32')('the data folder', () => {
  test('and its folders are closed to other users, including those of an earlier release', async () => {
    const dataFolder = join(root, 'open');
    mkdirSync(join(dataFolder, 'snapshots'), { recursive: true, mode: 0o755 });
    await fail({ dataFolder, databaseUrl: 'postgres://127.0.0.1:1/x' });
    for (const room of ['snapshots', 'runs', 'run', 'artifacts'])
      expect(statSync(join(dataFolder, room)).mode & 0o007, room).toBe(0);
  });

  test('is private when Attune makes it, and keeps its rights when it was there', async () => {
    const made = join(root, 'made');
    const umask = process.umask(0o077); // as `npm start` sets it
    await fail({ dataFolder: made, databaseUrl: 'postgres://127.0.0.1:1/x' }).finally(() => process.umask(umask));
    // When run as root, Postgres is another user, who may enter the folder but not list it.
    expect(statSync(made).mode & 0o777).toBe(process.getuid!() === 0 ? 0o701 : 0o700);
    const shared = join(root, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    await fail({ dataFolder: shared, databaseUrl: 'postgres://127.0.0.1:1/x' });
    expect(statSync(shared).mode & 0o777).toBe(0o777);
  });

  test('that is a file is refused, and the file keeps its rights', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    chmodSync(file, 0o666);
    const { code, message } = await fail({ dataFolder: file });
    expect([code, message]).toEqual(['BAD_INPUT', `${file} is not a folder. Set ATTUNE_DATA to a folder.`]);
    expect(statSync(file).mode & 0o777).toBe(0o666);
  });

  test('that has other files in the database’s place is left unchanged', async () => {
    const dataFolder = join(root, 'other');
    chmodSync(root, 0o711); // when run as root, Postgres runs as another user, who must be able to enter
    mkdirSync(join(dataFolder, 'postgres'), { recursive: true });
    writeFileSync(join(dataFolder, 'postgres', 'thesis.txt'), 'mine');
    const { code, message } = await fail({ dataFolder });
    expect(code).toBe('CONFLICT');
    expect(message).toMatch(/postgres holds files but no database \(no PG_VERSION\)/);
    expect(existsSync(join(dataFolder, 'postgres', 'thesis.txt'))).toBe(true);
  });

  test('in a system folder, where nothing can be made, is refused at once', async () => {
    const { message } = await fail({ dataFolder: '/proc/attune/data' });
    expect(message).toMatch(/\/proc\/attune/);
    expect(message).not.toMatch(/\n/);
  });

  test('that cannot be made is named in a sentence', async () => {
    writeFileSync(join(root, 'file'), '');
    const { message } = await fail({ dataFolder: join(root, 'file', 'data') });
    expect(message).toMatch(/file\/data/);
    expect(message).not.toMatch(/\n/);
  });
});

test.each([
  [
    'postgres://ada:secret@127.0.0.1:1/chat',
    /^DATABASE_URL postgres:\/\/ada:\*\*\*@127\.0\.0\.1:1\/chat .*ECONNREFUSED/,
  ],
  ['not a url at all', /^DATABASE_URL \(not a URL\) cannot be reached/],
])('the DATABASE_URL %s that leads nowhere is named without its password', async (databaseUrl, sentence) => {
  const { code, message } = await fail({ port: 0, databaseUrl });
  expect(code).toBe('UNAVAILABLE');
  expect(message).toMatch(sentence);
  expect(message).not.toContain('secret');
});
