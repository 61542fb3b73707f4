// The product as other machines reach it: at a LAN address, with forged headers and foreign pages, in a real browser.

import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/test/tiny-llama';
import { chromiumPath, openBrowser, openProduct, say, screenshot, type TestProduct, untilAnswered } from './support';

/** Another address of this machine; without a network, loopback by number, on which pages count as secure. */
const lanAddress =
  Object.values(networkInterfaces())
    .flat()
    .find((network) => network?.family === 'IPv4' && !network.internal)?.address ?? '127.0.0.1';

describe.runIf(chromiumPath)('another machine', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let port: string;
  let lan: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-network-'));
    await writeTinyLlama(folder, { seed: 3 });
    product = await openProduct({ model: folder });
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0 });
    ({ port } = new URL(product.url));
    lan = `http://${lanAddress}:${port}`;
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  interface Answer {
    /** 0: the server hung up before its answer could be read. */
    status: number;
    headers: http.IncomingHttpHeaders;
    text: string;
  }

  /** Sends over a separate socket with exactly the given headers: fetch cannot forge a host. */
  function send(path: string, headers: Record<string, string>, body: string | (() => Buffer | null)): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: lanAddress, port, path, method: 'POST', headers, agent: false };
      const request = http.request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
        response.on('error', reject);
      });
      // A server that has refused closes the connection while the rest is still being written. TCP may then drop its
      // answer before it is read.
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (isAnswered) return;
        if (error.code === 'EPIPE' || error.code === 'ECONNRESET') return resolve({ status: 0, headers: {}, text: '' });
        reject(error);
      });
      let isAnswered = false;
      request.on('response', () => {
        isAnswered = true;
      });
      if (typeof body === 'string') return request.end(body);
      const pump = () => {
        for (let part = body(); !isAnswered; part = body()) {
          if (!part) return request.end();
          if (!request.write(part)) return request.once('drain', pump);
        }
        request.destroy();
      };
      pump();
    });
  }

  const json = { 'content-type': 'application/json' };

  it('40 wrong passwords under 40 forged addresses count as one address', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 40; index++) {
      const forged = { ...json, origin: lan, 'x-forwarded-for': `198.51.100.${index}`, 'x-real-ip': `1.1.1.${index}` };
      const login = { email: 'admin@attune.local', password: `guess number ${index}` };
      const { status, headers } = await send('/api/auth/sign-in/email', forged, JSON.stringify(login));
      statuses.push(status);
      if (status === 429) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    expect(statuses).toEqual([...Array(5).fill(401), ...Array(35).fill(429)]);
  });

  it('40 guests behind one address can sign in at once', async () => {
    const arrivals = await Promise.all(
      Array.from({ length: 40 }, () => send('/api/auth/sign-in/anonymous', { ...json, origin: lan }, '{}')),
    );
    expect(arrivals.map(({ status }) => status)).toEqual(Array(40).fill(200));
    // Over http the cookie must not be Secure, or the browser would throw it away.
    expect(arrivals[0]!.headers['set-cookie']!.join()).not.toContain('Secure');
    const tls = { ...json, origin: 'https://chat.example.org', host: 'chat.example.org', 'x-forwarded-proto': 'https' };
    const behindTls = await send('/api/auth/sign-in/anonymous', tls, '{}');
    expect([behindTls.status, behindTls.headers['set-cookie']!.every((line) => line.includes('Secure'))]).toEqual([
      200,
      true,
    ]);
  });

  it('a page from another port can start nothing, whatever host it claims', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const headers of [
      { ...form, origin: `http://${lanAddress}:4000` },
      { ...json, origin: `http://${lanAddress}:4000`, 'x-forwarded-host': `${lanAddress}:4000` },
      { ...json, origin: 'https://evil.example' },
      { ...json, origin: lan, 'sec-fetch-site': 'same-site' },
    ])
      expect((await send('/api/trpc/admin.startRun', headers, '{}')).status).toBe(403);
    expect((await send('/api/trpc/admin.startRun', { ...form, origin: lan }, '{}')).status).toBe(400);
    expect(await product.admin.admin.runs.query()).toEqual([]);
  });

  it('a body of 150 MiB without a length is refused before all of it is sent', async () => {
    for (const path of ['/api/trpc/chat.send', '/api/auth/sign-in/email']) {
      let mebibytes = 0;
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      const answer = await send(path, { ...json, origin: lan }, () => (mebibytes++ < 150 ? chunk : null));
      expect(answer.status).toBeOneOf([413, 0]);
      expect(mebibytes).toBeLessThan(150);
    }
  });

  it('a guest chats at the LAN address, and every script of the page has its nonce', async () => {
    const response = (await page.goto(lan))!;
    const policy = (await response.headerValue('content-security-policy'))!;
    expect(policy).toMatch(/script-src 'self' 'nonce-[\w+/=]{20,}';/);
    await say(page, 'Hello from the next room.');
    await untilAnswered(page);
    await page.getByText('Hello from the next room.').first().waitFor();
    const again = (await page.reload())!;
    expect(await again.headerValue('content-security-policy')).not.toBe(policy);
    expect(complaints).toEqual([]);
  });

  it('the guest signs up there, and a wrong password is reported in plain words', async () => {
    await page.goto(`${lan}/sign-in`);
    await page.getByLabel('Email').fill('ada@example.org');
    await page.getByLabel('Password').fill('not her password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The email or the password is wrong.').waitFor();
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create account' }).first().click();
    await page.waitForURL(`${lan}/`);
  });

  it('an address without a conversation leads to the page that says so', async () => {
    for (const path of ['/c/not-a-uuid', '/nowhere']) {
      await page.goto(lan + path);
      await page.getByRole('heading', { name: 'Page not found' }).waitFor();
      expect(await page.getByText(/uuid/i).count()).toBe(0);
    }
  });

  it('the stream of a deleted chat ends with an error event, and the browser does not ask again', async () => {
    const { origin } = new URL(lan);
    let streams = 0;
    page.on('request', (request) => {
      if (request.url().startsWith(`${origin}/api/trpc/chat.stream`)) streams++;
    });
    const gone = await page.evaluate(async () => {
      const input = encodeURIComponent(
        JSON.stringify({ json: { generationId: '7d9f1c2e-9a4b-4c6d-8e1f-0a2b3c4d5e6f' } }),
      );
      return (await fetch(`/api/trpc/chat.stream?input=${input}`, { headers: { accept: 'text/event-stream' } })).text();
    });
    expect(gone).toMatch(/serialized-error[\s\S]*NOT_FOUND/);
    expect(streams).toBe(1);
  });

  it('a visitor over the limit is told why, and the page waits with few requests', async () => {
    for (let index = 0; index < 125; index++) await send('/api/auth/sign-in/anonymous', { ...json, origin: lan }, '{}');
    const late = await browser.newContext({ locale: 'ja-JP', viewport: { width: 390, height: 844 } });
    const phone = await late.newPage();
    let requests = 0;
    phone.on('request', (request) => {
      if (request.url().includes('/api/auth/')) requests++;
    });
    await phone.goto(lan);
    await phone.getByText('現在、同じネットワークから多くの方がログインしています。').waitFor();
    await screenshot(phone, 'gate-ja');
    await phone.waitForTimeout(5000);
    expect(requests).toBeLessThanOrEqual(4);
    await phone.getByRole('textbox').waitFor({ timeout: 75_000 });
    expect(requests).toBeLessThanOrEqual(8);
    await late.close();
  });
});
