// The edge of the web process: who sent a request, from which page, and what data it may contain.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { clientAddress, networkOf, plainAddress, rangeTest } from '@/core/network/address';
import { readServerEnv } from '@/server/env';
import { readBytes } from '@/server/http/body';
import { createDoor, openDoor } from '@/server/http/door';
import { ownAddress, refuseForeignPage } from '@/server/http/origin';
import { checkPlainData } from '@/server/http/plain-data';

const PROXIES = [
  { address: '127.0.0.1', prefix: 32 },
  { address: '10.0.0.0', prefix: 8 },
  { address: 'fd00::', prefix: 8 },
];

it('a person’s address is the last one that is not a trusted proxy’s; without proxies only the socket counts', () => {
  const none = rangeTest([]);
  expect(clientAddress('203.0.113.9', '1.1.1.1, 2.2.2.2', none)).toBe('203.0.113.9');
  const some = rangeTest(PROXIES);
  // The person at 2.2.2.2 forged 1.1.1.1; the proxy 10.1.1.1 added 2.2.2.2, and the local proxy added 10.1.1.1.
  expect(clientAddress('::ffff:127.0.0.1', '1.1.1.1, 2.2.2.2:5000, 10.1.1.1', some)).toBe('2.2.2.2');
  expect(clientAddress('2.2.2.2', '1.1.1.1', some)).toBe('2.2.2.2');
  expect(clientAddress('127.0.0.1', '', some)).toBe('127.0.0.1');
  expect(clientAddress('127.0.0.1', 'nonsense', some)).toBe('127.0.0.1');
  expect(clientAddress('fd00::1', '[2001:db8::7]:443', some)).toBe('2001:db8::7');
});

it('addresses have one notation, and an IPv6 household counts as one network', () => {
  expect(plainAddress('::FFFF:192.0.2.1')).toBe('192.0.2.1');
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
  expect(plainAddress('unknown')).toBeNull();
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8::6')).toBe('2001:db8:0:0::/64');
  expect(networkOf('192.0.2.1')).toBe('192.0.2.1');
});

it('proxies are addresses or ranges, the public address has no path, and a wrong setting is named', () => {
  const set = { DATABASE_URL: 'postgres://x', ATTUNE_MODEL: 'm' };
  const read = (more: object) => readServerEnv({ ...set, ...more });
  expect(read({}).trustedProxies).toEqual([]);
  expect(read({}).publicUrl).toBeNull();
  expect(read({ ATTUNE_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8 ,::1' }).trustedProxies).toEqual([
    { address: '127.0.0.1', prefix: 32 },
    { address: '10.0.0.0', prefix: 8 },
    { address: '::1', prefix: 128 },
  ]);
  expect(read({ ATTUNE_URL: 'https://chat.example.org/' }).publicUrl).toBe('https://chat.example.org');
  for (const wrong of ['10.0.0.0/33', 'proxy.local', '10.0.0.0/8/9'])
    expect(() => read({ ATTUNE_TRUSTED_PROXIES: wrong })).toThrow(/ATTUNE_TRUSTED_PROXIES/);
  for (const wrong of ['ftp://x.org', 'https://x.org/chat', 'chat.example.org'])
    expect(() => read({ ATTUNE_URL: wrong })).toThrow(/ATTUNE_URL/);
});

it('a real server’s handlers see the address of the socket, whatever 40 forged headers say', async () => {
  openDoor({ publicUrl: null, trustedProxies: [] });
  const server = http.createServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    for (let index = 0; index < 40; index++) {
      const forged = { 'x-forwarded-for': `198.51.100.${index}`, 'x-real-ip': '1.1.1.1', forwarded: 'for=1.1.1.1' };
      const more = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': index % 2 ? 'https' : 'gopher' };
      const response = await fetch(`http://127.0.0.1:${port}`, { headers: { ...forged, ...more } });
      const seen = (await response.json()) as Record<string, string>;
      expect(Object.entries(seen).filter(([name]) => /forwarded|real-ip/.test(name))).toEqual([
        ['x-forwarded-for', '127.0.0.1'],
        ['x-forwarded-host', `127.0.0.1:${port}`],
        ['x-forwarded-proto', index % 2 ? 'https' : 'http'],
      ]);
    }
  } finally {
    server.close();
  }
});

it.each(['TRACE', 'PROPFIND', 'PURGE'])(
  '%s, which a framework cannot take, arrives as a method that no route takes',
  async (method) => {
    openDoor({ publicUrl: null, trustedProxies: [] });
    const server = http.createServer((request, response) => response.end(request.method));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
        http.request({ port, method }, resolve).on('error', reject).end();
      });
      expect(Buffer.concat(await response.toArray()).toString()).toBe('DELETE');
    } finally {
      server.close();
    }
  },
);

it('the public address takes precedence over every host, and a trusted proxy may name one', () => {
  const seen = (settings: Parameters<typeof createDoor>[0], address: string, headers: http.IncomingHttpHeaders) => {
    createDoor(settings)(headers, { address, isEncrypted: false });
    return `${headers['x-forwarded-proto']}://${headers['x-forwarded-host']}`;
  };
  const forged = () => ({ host: 'a.example', 'x-forwarded-host': 'b.example', 'x-forwarded-proto': 'https, http' });
  expect(seen({ publicUrl: null, trustedProxies: [] }, '2.2.2.2', forged())).toBe('https://a.example');
  expect(seen({ publicUrl: null, trustedProxies: PROXIES }, '10.0.0.1', forged())).toBe('https://b.example');
  expect(seen({ publicUrl: 'http://c.example:8080', trustedProxies: [] }, '2.2.2.2', forged())).toBe(
    'http://c.example:8080',
  );
});

const from = (headers: Record<string, string>) => new Request('http://localhost:3000/api/trpc/x', { headers });

it("only a page under the request's own address may act", () => {
  const lan = { 'x-forwarded-host': '192.168.1.5:3000', 'x-forwarded-proto': 'http' };
  const tls = { 'x-forwarded-host': 'chat.example.org', 'x-forwarded-proto': 'http' };
  for (const own of [
    { ...lan, origin: 'http://192.168.1.5:3000', 'sec-fetch-site': 'same-origin' },
    { ...tls, origin: 'https://chat.example.org' },
    { ...tls },
    { origin: 'http://localhost:3000' },
  ])
    expect(() => refuseForeignPage(from(own as Record<string, string>))).not.toThrow();
  for (const foreign of [
    { ...lan, origin: 'http://192.168.1.5:4000' },
    { ...lan, origin: 'http://localhost:3000' },
    { ...lan, origin: 'null' },
    { ...tls, origin: 'https://chat.example.org.evil.example' },
    { ...lan, origin: 'http://192.168.1.5:3000', 'sec-fetch-site': 'same-site' },
    { ...lan, 'sec-fetch-site': 'cross-site' },
  ])
    expect(() => refuseForeignPage(from(foreign as Record<string, string>))).toThrow(/may not act/);
  expect(ownAddress(from(tls)).href).toBe('http://chat.example.org/');
});

it('a body is counted as it arrives, and one over the limit is not kept in memory', async () => {
  const stream = (chunks: number) => {
    let sent = 0;
    const body = new ReadableStream({
      pull: (controller) => (sent++ < chunks ? controller.enqueue(new Uint8Array(64 * 1024)) : controller.close()),
    });
    const init = { method: 'POST', body, duplex: 'half' };
    return { request: new Request('http://x', init as RequestInit), sent: () => sent };
  };
  const read = (request: Request) => readBytes(request, 256 * 1024, 'TOO_LONG');
  expect((await read(stream(4).request)).length).toBe(256 * 1024);
  await expect(read(stream(5).request)).rejects.toMatchObject({ code: 'TOO_LONG' });
  // 150 MiB are 2,400 chunks; reading ends at 8 MiB, which are 128 chunks.
  const endless = stream(2400);
  await expect(read(endless.request)).rejects.toMatchObject({ code: 'TOO_LONG' });
  expect(endless.sent()).toBeLessThan(140);
});

it('data that no table or library can hold is refused, naming its place', () => {
  const refused = (value: unknown) => {
    try {
      checkPlainData(value);
      return null;
    } catch (error) {
      return (error as { code: string }).code === 'BAD_INPUT' ? (error as Error).message : error;
    }
  };
  expect(refused({ name: 'Ada', list: [1, null, true], when: new Date() })).toBeNull();
  expect(refused({ name: 'A\0da' })).toMatch(/text of name .*U\+0000/);
  expect(refused({ a: [{ b: '\ud800' }] })).toMatch(/a\[0\]\.b .*U\+D800/);
  expect(refused({ a: { 'k\0': 1 } })).toMatch(/key in a/);
  expect(refused(JSON.parse('{"config":{"__proto__":{"isAdmin":true}}}'))).toMatch(/config has a key "__proto__"/);
  // Nested deeper than a call stack, as a request could be.
  expect(refused(JSON.parse(`{"config":${'['.repeat(100_000)}${']'.repeat(100_000)}}`))).toMatch(/config is nested/);
  expect(refused({ constructor: 'x', hasOwnProperty: 'y' })).toBeNull();
});
