// Socket paths are short enough, closed to other users, and swept when nothing answers on them.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  engineSocket,
  MAX_SOCKET_PATH_BYTES,
  makeSocketFolder,
  socketPath,
  sweepSockets,
} from '@/core/process/sockets';
import { temporaryFolder } from './files';

const root = temporaryFolder();

const listen = async (socket: string) => {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
  return () => new Promise((resolve) => server.close(resolve));
};

test.skipIf(process.platform === 'win32').each([
  ['57 Japanese characters', 'あ'.repeat(57)],
  ['a deep folder', 'deep/'.repeat(60)],
])('a data folder of %s has a socket that can be listened on, in its own folder, closed to others', async (_, name) => {
  const data = path.join(root, name);
  const socket = engineSocket(data);
  expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(MAX_SOCKET_PATH_BYTES);
  expect(socket).not.toBe(engineSocket(`${data}2`));
  makeSocketFolder(socket);
  expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700);
  const close = await listen(socket);
  await close();
  await sweepSockets();
});

test.skipIf(process.platform === 'win32')('a short data folder has its socket inside', () => {
  expect(engineSocket('/data')).toBe('/data/run/engine.sock');
});

test.skipIf(process.platform === 'win32')(
  'a path that is too long in every place is refused before anything starts',
  () => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = path.join(root, 'x'.repeat(90));
    try {
      expect(() => socketPath('y'.repeat(120), 'engine.sock')).toThrow(/may have 103 bytes, but both .* have more/);
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  },
);

test.skipIf(process.platform === 'win32')('a sweep removes only our own dead sockets', async () => {
  const folder = path.join(os.tmpdir(), `sweep-${process.pid}`);
  const dead = path.join(folder, 'attune-0123456789ab');
  const live = path.join(folder, 'attune-ba9876543210');
  const former = path.join(folder, 'attune-train-fp32-0123456789ab.sock');
  for (const made of [dead, live]) mkdirSync(made, { recursive: true });
  // Makes a socket file without a listener: a hard link keeps the file of a closed socket.
  const { linkSync } = await import('node:fs');
  const close = await listen(path.join(folder, 'made.sock'));
  linkSync(path.join(folder, 'made.sock'), path.join(dead, 'engine.sock'));
  linkSync(path.join(folder, 'made.sock'), former);
  await close();
  const closeLive = await listen(path.join(live, 'engine.sock'));
  writeFileSync(path.join(folder, 'attune-other.txt'), '');
  await sweepSockets(folder);
  expect([dead, former, live, path.join(folder, 'attune-other.txt')].map((at) => existsSync(at))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  await closeLive();
});
