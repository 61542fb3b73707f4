// What a reader sees while an answer is written again: the names of both answers, and nothing that moves by itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/test/tiny-llama';
import { faultsOf } from './barriers';
import { chromiumPath, openBrowser, openProduct, say, screenshot, type TestProduct, untilAnswered } from './support';

/** Its random letters make answers that are taller than the page. */
const SEED = 3;

describe.runIf(chromiumPath)('a regenerated answer', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-regenerate-'));
    await writeTinyLlama(folder, { seed: SEED });
    product = await openProduct({ model: folder });
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0 });
    browser = await openBrowser();
    page = await (await browser.newContext({ viewport: { width: 800, height: 360 } })).newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The part of the page that scrolls. */
  const scroller = () => page.locator('main > .overflow-y-auto');
  const scrollTop = () => scroller().evaluate((element) => element.scrollTop);
  const isInView = async (label: string) => {
    const [own, frame] = [
      await page.getByText(label, { exact: true }).filter({ visible: true }).boundingBox(),
      await scroller().boundingBox(),
    ];
    return own !== null && frame !== null && own.y >= frame.y && own.y + own.height <= frame.y + frame.height;
  };
  const bothInView = async () => (await isInView('Former answer')) && (await isInView('New answer'));
  const regenerate = async () => {
    await page.getByRole('button', { name: 'Regenerate' }).last().click();
    await page.getByRole('region', { name: 'The new answer and the former one' }).waitFor();
  };

  it('begins with the names of both answers in view, and keeps them there', async () => {
    await page.goto(product.url);
    await say(page, 'Tell me something');
    await untilAnswered(page);
    await regenerate();
    await expect.poll(bothInView).toBe(true);
    await untilAnswered(page);
    expect(await bothInView()).toBe(true);
    await screenshot(page, 'chat-regenerated');
    // The end is below, where the names are out of view; the button leads there, and nothing pulls back.
    await page.getByRole('button', { name: 'Jump to latest' }).click();
    await expect.poll(() => isInView('New answer')).toBe(false);
  });

  it('does not move a reader who has scrolled elsewhere', async () => {
    await regenerate();
    // Before the page has followed, its top is where the reader is, and nobody can be elsewhere.
    await expect.poll(() => scroller().evaluate((it) => it.scrollHeight - it.clientHeight)).toBeGreaterThan(150);
    await expect.poll(scrollTop).toBeGreaterThan(50);
    await scroller().evaluate((element) => element.scrollTo({ top: 0 }));
    await expect.poll(scrollTop).toBe(0);
    await untilAnswered(page);
    expect(await scrollTop()).toBe(0);
  });

  it('asks before an earlier answer is written again, because what follows it is hidden, and the arrows lead back', async () => {
    await say(page, 'And something else');
    await untilAnswered(page);
    const first = page.getByRole('button', { name: 'Regenerate' }).first();
    await first.click();
    const asking = page.getByRole('dialog', { name: 'Regenerate this earlier answer?' });
    await screenshot(page, 'chat-regenerate-earlier');
    expect(await faultsOf(page)).toEqual([]);
    await asking.getByRole('button', { name: 'Cancel' }).click();
    await asking.waitFor({ state: 'detached' });
    expect(await page.getByText('And something else', { exact: true }).isVisible()).toBe(true);
    await first.click();
    await asking.getByRole('button', { name: 'Regenerate' }).click();
    await page.getByText('And something else', { exact: true }).waitFor({ state: 'detached' });
    await untilAnswered(page);
    await page.getByRole('button', { name: 'Previous alternative' }).last().click();
    await page.getByText('And something else', { exact: true }).waitFor();
    // The last message has nothing after it but its answer, the first has a whole chat.
    await page.getByRole('button', { name: 'Edit the message' }).first().click();
    await page.getByText('What follows this message will be hidden.').waitFor();
  });
});
