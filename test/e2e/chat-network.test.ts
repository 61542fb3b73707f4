// The product at another address of this machine over plain http, which browsers trust less than localhost.
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/test/tiny-llama';
import { chromiumPath, openBrowser, openProduct, say, screenshot, type TestProduct } from './support';

const address = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
/** Without a network, a name other than localhost that the browser resolves to this machine. */
const HOST = address ?? 'attune.test';

describe.runIf(chromiumPath)('from the network', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  const broken: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-network-'));
    await writeTinyLlama(folder, { seed: 3 });
    product = await openProduct({ model: folder });
    await product.admin.admin.setSettings.mutate({ comparisonShare: 1 });
    browser = await openBrowser(address ? [] : ['--host-resolver-rules=MAP attune.test 127.0.0.1']);
    page = await browser.newPage();
    page.on('pageerror', (error) => broken.push(String(error)));
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('a guest chats, compares, signs up and copies', async () => {
    await page.goto(`http://${HOST}:${new URL(product.url).port}`);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
    await say(page, 'Hello from the network');
    await expect
      .poll(() => page.getByRole('radio', { name: 'A is better' }).isEnabled(), { timeout: 60_000 })
      .toBe(true);
    await page.getByRole('radio', { name: 'A is better' }).click();
    await page.getByText('Saved: A is better').waitFor();
    await page.getByRole('button', { name: 'Copy the answer' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();

    await page.goto(`http://${HOST}:${new URL(product.url).port}/sign-in`);
    await page
      .getByRole('button', { name: /create account/i })
      .or(page.getByRole('link', { name: /create account/i }))
      .first()
      .click();
    await page.getByLabel('Name').fill('Grace');
    await page.getByLabel('Email').fill('grace@example.com');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create account' }).last().click();
    await page.waitForURL((url) => url.pathname === '/');
    await page.getByRole('link', { name: /Hello from the network/ }).waitFor();
    await screenshot(page, 'network-signed-up');
    // The guest's choice came along into the account.
    expect(await page.getByText('May your messages and ratings train the model?').count()).toBe(0);
    expect(broken).toEqual([]);
  });
});
