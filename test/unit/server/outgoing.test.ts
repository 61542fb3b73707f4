// Requests to outside addresses: what is refused, that the checked address is the one connected to, and the limits.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Hosts } from '@/core/network/hosts';
import { createOutgoing, type Outgoing, type OutgoingRequest } from '@/server/http/outgoing';

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A real server on loopback; `seen` are the requests that reached it. */
async function serve(answer: http.RequestListener) {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, seen };
}

type Resolve = Parameters<typeof createOutgoing>[0]['resolve'];
const guard = (hosts: string, resolve?: Resolve): Outgoing =>
  createOutgoing({ privateHosts: Hosts.parse(hosts), ...(resolve && { resolve }) });

const send = (to: Outgoing, url: string, more: Partial<OutgoingRequest> = {}) =>
  to.send({ url, method: 'GET', headers: {}, timeoutMs: 20_000, mostBytes: 1000, ...more });

it('loopback is refused by default, also by name, and reached once the operator allows host and port', async () => {
  const { port, seen } = await serve((request, response) => response.end(`to ${request.headers.host}`));
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    await expect(send(guard(''), `https://${host}:${port}/`)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('not a public address'),
    });
    await expect(send(guard(''), `http://${host}:${port}/`)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  }
  await expect(send(guard(`127.0.0.1:${port + 1}`), `http://127.0.0.1:${port}/`)).rejects.toThrow(/https/);
  expect(seen).toEqual([]);
  for (const hosts of [`127.0.0.1:${port}`, '127.0.0.1'])
    expect(await send(guard(hosts), `http://127.0.0.1:${port}/a`)).toMatchObject({
      status: 200,
      text: `to 127.0.0.1:${port}`,
    });
  expect((await send(guard('LOCALHOST'), `http://localhost:${port}/b`)).text).toBe(`to localhost:${port}`);
  expect(seen).toEqual(['GET /a', 'GET /a', 'GET /b']);
});

it('every class of address that is not public is refused, in every notation', () => {
  const refused = [
    ...['127.0.0.1', '127.8.8.8', '0.0.0.0', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254'],
    ...['100.64.0.1', '224.0.0.1', '255.255.255.255', '240.0.0.1', '198.18.0.1', '192.0.2.1'],
    ...['2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '127.1', '１２７.0.0.1'],
    ...['[::]', '[::1]', '[fe80::1]', '[fc00::1]', '[fd12:3456::1]', '[fec0::1]', '[ff02::1]'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]', '[::ffff:8.8.8.8]'],
    ...['[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[2001:db8::1]'],
  ];
  for (const host of refused) expect(() => guard('').check(`https://${host}/`), host).toThrow(/not a public address/);
  for (const host of ['8.8.8.8', '[2606:4700:4700::1111]', 'example.com'])
    expect(guard('').check(`https://${host}/`).hostname).toBe(host);
  for (const url of ['ftp://example.com', 'file:///etc/passwd', 'https://a:b@example.com', '//x', ''])
    expect(() => guard('').check(url), url).toThrow(/address must/);
});

it('a name is refused if any of its addresses is private, and an allowed one is resolved once and connected to there', async () => {
  const { port, seen } = await serve((_, response) => response.end('inside'));
  for (const inside of ['127.0.0.1', '169.254.169.254', '::ffff:10.0.0.1', 'fe80::1%eth0']) {
    const resolve = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: inside, family: 4 },
    ];
    await expect(send(guard('', resolve), `https://mixed.example:${port}/`)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('not a public address'),
    });
  }
  expect(seen).toEqual([]);
  let asked = 0;
  // A second question would get another answer, as with rebinding.
  const rebinding = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
  expect((await send(guard('judge.internal', rebinding), `http://judge.internal:${port}/`)).text).toBe('inside');
  expect(asked).toBe(1);
});

it('a redirect is not followed, even to the same host', async () => {
  const { port, seen } = await serve((request, response) => {
    if (request.url === '/secret') return response.end('secret');
    response.writeHead(302, { location: `http://127.0.0.1:${port}/secret` }).end();
  });
  await expect(send(guard('127.0.0.1'), `http://127.0.0.1:${port}/`)).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining('redirect'),
  });
  expect(seen).toEqual(['GET /']);
});

it('an answer is broken off at its limit, also one without an end', async () => {
  const { port } = await serve((request, response) => {
    if (request.url === '/fits') return response.end('a'.repeat(1000));
    const timer = setInterval(() => response.write('a'.repeat(400)), 1);
    response.on('close', () => clearInterval(timer));
  });
  expect((await send(guard('127.0.0.1'), `http://127.0.0.1:${port}/fits`)).text).toHaveLength(1000);
  await expect(send(guard('127.0.0.1'), `http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'TOO_LONG' });
});

it('the time limit holds for a name, for silence and for an answer that trickles', async () => {
  const { port } = await serve((request, response) => {
    if (request.url === '/silent') return;
    const timer = setInterval(() => response.write('a'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const never = () => new Promise<never>(() => {});
  const late = { code: 'UNAVAILABLE', message: expect.stringContaining('within 200 ms') };
  for (const [to, url] of [
    [guard('127.0.0.1'), `http://127.0.0.1:${port}/silent`],
    [guard('127.0.0.1'), `http://127.0.0.1:${port}/trickle`],
    [guard('', never), 'https://nowhere.example/'],
  ] as const)
    await expect(send(to, url, { timeoutMs: 200 })).rejects.toMatchObject(late);
  const cancelled = AbortSignal.timeout(50);
  await expect(
    send(guard('127.0.0.1'), `http://127.0.0.1:${port}/silent`, { signal: cancelled }),
  ).rejects.toMatchObject({ code: 'CANCELLED' });
});

it('a change of the protocol is refused at once, and a limit may be a fraction of a millisecond', async () => {
  const { port } = await serve((request, response) => {
    if (request.url === '/plain') return response.end('plain');
    request.socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  });
  await expect(send(guard('127.0.0.1'), `http://127.0.0.1:${port}/`)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('changed the protocol'),
  });
  const answer = await send(guard('127.0.0.1'), `http://127.0.0.1:${port}/plain`, { timeoutMs: 16.1 * 1000 });
  expect(answer.text).toBe('plain');
});

it('a setting names hosts with or without a port, and a wrong one is named', () => {
  expect(Hosts.parse(' localhost:80, [FD00::1]:443 ,10.1')).toEqual([
    { name: 'localhost', port: 80 },
    { name: '[fd00::1]', port: 443 },
    { name: '10.0.0.1', port: null },
  ]);
  for (const wrong of ['http://x', 'a b', 'x:0', 'x:99999', 'user@x']) expect(() => Hosts.parse(wrong)).toThrow();
});
