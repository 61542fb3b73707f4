// ATTUNE_HOST: the pages are served there alone, the port is checked there alone, and links name it.
import net from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { localUrl } from '@/core/env';
import { assertFree } from '@/product/port';
import { failure, temporaryFolder } from '@/test/unit/core/files';

const root = temporaryFolder();
const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  vi.unstubAllEnvs();
  vi.resetModules();
});

const listen = (host: string) =>
  new Promise<number>((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    servers.push(server);
    server.listen(0, host, () => resolve((server.address() as net.AddressInfo).port));
  });

/** The arguments with which the web process is started. */
async function webArguments(host: string): Promise<string[]> {
  vi.stubEnv('ATTUNE_HOST', host);
  vi.resetModules();
  const { processPlans } = await import('@/product/processes');
  const options = { dataFolder: root, sharedFolder: root, threads: 1, trainer: 'none' as const };
  const place = { port: 3210, databaseUrl: 'postgres://nowhere', modelPath: root };
  return processPlans({ ...options, port: 0, write: () => {} }, place).find(({ name }) => name === 'web')!.args;
}

describe('ATTUNE_HOST', () => {
  test('is the only address that the pages listen on; without it they listen on all', async () => {
    expect((await webArguments('127.0.0.1')).slice(-4)).toEqual(['-p', '3210', '-H', '127.0.0.1']);
    expect(await webArguments('')).not.toContain('-H');
  });

  test('is the only address whose port must be free', async () => {
    const port = await listen('127.0.0.1');
    expect(await failure(() => assertFree(port, '127.0.0.1'))).toMatchObject({
      code: 'CONFLICT',
      message: `Port ${port} is taken (127.0.0.1). Set PORT to another one, or stop what uses it.`,
    });
    if (process.platform === 'linux') await assertFree(port, '127.0.0.2');
  });

  test('that this machine does not have is named', async () => {
    // 192.0.2.0/24 is for documents: no machine has it.
    expect(await failure(() => assertFree(3210, '192.0.2.1'))).toMatchObject({
      code: 'BAD_INPUT',
      message: 'ATTUNE_HOST=192.0.2.1 is not an address of this machine (EADDRNOTAVAIL). Change it.',
    });
  });

  test.each([
    ['', 'http://localhost:3000'],
    ['0.0.0.0', 'http://localhost:3000'],
    ['::', 'http://localhost:3000'],
    ['127.0.0.1', 'http://127.0.0.1:3000'],
    ['::1', 'http://[::1]:3000'],
  ])('%j is linked to as %s', (ATTUNE_HOST, url) => {
    expect(localUrl({ ATTUNE_HOST, PORT: 3000 })).toBe(url);
  });
});
