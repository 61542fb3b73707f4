// A start that cannot succeed says why before it makes, downloads or builds anything.
import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startProduct } from '@/product/bring-up';
import { failure, temporaryFolder } from '@/test/unit/core/files';

const root = temporaryFolder();
const server = net.createServer();
afterAll(() => void server.close());

const fail = (change: { port: number; databaseUrl?: string }) =>
  failure(() =>
    startProduct({ dataFolder: root, sharedFolder: root, threads: 1, trainer: 'none', write: () => {}, ...change }),
  );

test('a taken port is named, and no database is made', async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  expect(await fail({ port })).toEqual({
    code: 'CONFLICT',
    message: `Port ${port} is taken (EADDRINUSE); choose another port or stop what uses it.`,
  });
  expect(existsSync(join(root, 'postgres'))).toBe(false);
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
