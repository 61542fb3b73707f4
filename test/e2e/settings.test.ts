// The settings page as a person uses it, and the statistics in which an administrator sees what people said there.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeDatabase, getDatabase } from '@/db/client';
import { writeCrowd, writeSharedTasks } from '@/test/crowd-votes';
import { writeTinyLlama } from '@/test/tiny-llama';
import { faultsOf } from './barriers';
import { chromiumPath, openBrowser, openProduct, screenshot, type TestProduct } from './support';

describe.runIf(chromiumPath)('the settings page', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-settings-'));
    await writeTinyLlama(folder, { seed: 3 });
    product = await openProduct({ model: folder });
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('offers a guest an account instead of a key', async () => {
    await page.goto(`${product.url}/settings`);
    await page.getByText('Keys belong to an account').waitFor();
    expect(await page.getByRole('button', { name: 'Create a key' }).count()).toBe(0);
    await screenshot(page, 'settings-guest');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.waitForURL((url) => url.pathname === '/settings');
  });

  it('makes a key that works, shows it once, and counts what it used', async () => {
    const training = page.getByRole('switch', { name: 'Use its requests for training' });
    await training.click();
    await page.getByLabel('Name').fill('my script');
    await page.getByRole('button', { name: 'Create a key' }).click();
    const shown = page.getByText(/^sk-attune-[\w-]{43}$/);
    const secret = (await shown.textContent())!;
    expect(await page.getByLabel('Name').inputValue()).toBe('');
    expect(await training.isChecked()).toBe(true); // the next key gets what the person chose
    await screenshot(page, 'settings-new-key');
    const response = await fetch(`${product.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }], max_tokens: 8 }),
    });
    const { usage } = (await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    await page.reload();
    const row = page.getByRole('row', { name: /my script/ });
    await row.getByText(`${usage.prompt_tokens} in, ${usage.completion_tokens} out`).waitFor();
    expect(await shown.count()).toBe(0);
    expect(await page.content()).not.toContain(secret);

    await row.getByRole('button', { name: 'Revoke my script' }).click();
    await page.getByRole('dialog', { name: 'Revoke my script?' }).waitFor();
    await screenshot(page, 'settings-revoke');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await row.getByText('Revoked').waitFor();
    const refused = await fetch(`${product.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
    expect(refused.status).toBe(401);
    await page.getByLabel('Name').fill('second');
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByRole('row', { name: /second/ }).waitFor();
  });

  it('takes what a person says of themselves, keeps it over a reload, and removes it', async () => {
    const age = page.getByRole('combobox', { name: 'Age' });
    await age.selectOption('60 or older');
    await page.getByRole('button', { name: 'Remove all' }).waitFor();
    await page.reload();
    await expect.poll(() => age.inputValue()).toBe('60+');
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Remove all' }).click();
    await expect.poll(() => age.inputValue()).toBe('');
    await page.reload();
    await expect.poll(() => age.inputValue()).toBe('');
  });

  it('fits a phone, in the dark and in Japanese, without scrolling sideways', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.context().addCookies([{ name: 'locale', value: 'ja', url: product.url }]);
    await page.reload();
    await page.getByRole('heading', { name: 'APIキー' }).waitFor();
    await page.getByRole('row', { name: /my script/ }).waitFor();
    const button = (await page.getByRole('button', { name: /second/ }).boundingBox())!;
    expect(button.x).toBeGreaterThan(0);
    expect(button.x + button.width).toBeLessThanOrEqual(390); // a key can be revoked without scrolling sideways
    await screenshot(page, 'settings-phone-dark-ja');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await screenshot(page, 'settings-phone-dark-ja-end');
  });

  it('opens from the account menu', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.context().addCookies([{ name: 'locale', value: 'en', url: product.url }]);
    await page.goto(product.url);
    await page.getByRole('button', { name: /Account and settings/ }).click();
    await page.getByRole('menuitem', { name: 'Settings and API keys' }).click();
    await page.waitForURL((url) => url.pathname === '/settings');
    await page.getByRole('heading', { name: 'API keys' }).waitFor();
  });

  it('shows administrators how versions, people and groups compare, in both languages and on a phone', async () => {
    const db = getDatabase(product.databaseUrl);
    const [asked] = await writeCrowd(db);
    await writeSharedTasks(db, asked!);
    await closeDatabase(product.databaseUrl);
    const desk = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await desk.goto((await product.adminLink())!);
    await desk.goto(`${product.url}/admin/leaderboard`);
    const first = desk.getByRole('row', { name: /^1 v1/ });
    await first.waitFor();
    await desk.getByRole('row', { name: /^2 base Champion/ }).waitFor();
    await desk.getByRole('switch', { name: 'Length of the answer' }).click();
    await desk.getByRole('heading', { name: 'What else wins votes' }).waitFor();
    for (const [path, text] of [
      // Its intervals are for one look, and it says so.
      ['versions', 'Do not decide on the first difference that appears.'],
      ['leaderboard', 'Pairs of versions'],
      ['groups', 'Small groups together'],
      ['rating/agreement', 'Hardest tasks'],
      ['rating/raters', 'counts as the opposite vote'],
    ] as const) {
      await desk.goto(`${product.url}/admin/${path}`);
      await desk.getByText(text).first().waitFor();
      expect(await faultsOf(desk)).toEqual([]);
      await screenshot(desk, `statistics-${path.replace('/', '-')}`);
    }
    // One who votes the opposite is turned over, with evidence that can be read by keys.
    const inverter = desk.getByRole('row', { name: /^inverter/ });
    await inverter.getByText('All evidence').press('Enter');
    await inverter.getByText('Same as others on the same item').waitFor();
    await desk.getByText('Votes the same as twin b').waitFor();
    await desk.context().addCookies([{ name: 'locale', value: 'ja', url: product.url }]);
    await desk.setViewportSize({ width: 390, height: 844 });
    await desk.emulateMedia({ colorScheme: 'dark' });
    for (const path of ['admin/leaderboard', 'admin/groups', 'admin/rating/agreement', 'admin/rating/raters', 'rate']) {
      await desk.goto(`${product.url}/${path}`);
      await desk.getByRole('table').first().waitFor();
      expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(await faultsOf(desk)).toEqual([]);
      await screenshot(desk, `statistics-${path.replaceAll('/', '-')}-phone-dark-ja`);
    }
  });
});
