// The API reference as a person reads it, and the API's edge cases over a real connection.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorBody } from '@/server/api/openapi/responses';
import { api, HELLO, post, useApi, whilePaused } from './api-support';
import { chromiumPath, openBrowser, screenshot } from './support';

useApi();

describe.runIf(chromiumPath)('the reference', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it.each([
    ['en', 'light', 1280],
    ['ja', 'dark', 390],
  ] as const)(
    'in %s, %s, %i pixels wide shows every endpoint with samples that name this server',
    async (lang, colorScheme, width) => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, locale: lang, colorScheme });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      await page.goto(`${api.product.url}/docs`);
      const paths = Object.keys(
        ((await (await fetch(`${api.product.url}/v1/openapi.json`)).json()) as { paths: object }).paths,
      );
      const main = page.getByRole('main');
      for (const path of paths) expect(await main.getByText(path, { exact: true }).count()).toBeGreaterThan(0);
      await page.getByRole('tab', { name: 'curl' }).first().click();
      expect(await page.getByRole('tabpanel').first().innerText()).toContain(
        `curl ${api.product.url}/v1/chat/completions`,
      );
      await screenshot(page, `docs-${lang}-${width}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );
});

describe('over a connection', () => {
  it.each(['/v1/models/%ff', '/v1/models/%', '/v1/%c0%af', '/c/%ff'])('%s is a 404, not a 500', async (path) => {
    const response = await fetch(`${api.product.url}${path}`, { headers: { authorization: `Bearer ${api.secret}` } });
    expect(response.status).toBe(404);
    if (path.startsWith('/v1')) ErrorBody.parse(await response.json());
  });

  it('a page of another origin is let in, and the refusal of a wrong method names the right ones', async () => {
    const response = await fetch(`${api.product.url}/v1/chat/completions`, {
      headers: { origin: 'https://app.example' },
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await fetch(`${api.product.url}/v1/chat/completions`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'POST, OPTIONS']);
  });

  it('a stream sends its headers and first bytes even while the engine is paused', async () => {
    await whilePaused(async () => {
      const response = await post('chat/completions', { messages: HELLO, max_tokens: 4, stream: true });
      expect(response.status).toBe(200);
      const reader = response.body!.getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^: /);
      await reader.cancel();
    });
  });
});
