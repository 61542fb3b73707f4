// A model that always swears: what reaches the browser, in a plain answer and in both answers of a comparison.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/core/tiny-llama';
import { chromiumPath, openBrowser, openProduct, say, screenshot, type TestProduct, untilAnswered } from './support';

// Every byte of the text is a token of its own, so the word arrives split over tokens.
const SAID = 'oh-fuck it';
const WORD = /fuck/i;

describe.runIf(chromiumPath)('a planted swear word', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-swear-'));
    await writeTinyLlama(folder, { seed: 1, alwaysSay: SAID });
    product = await openProduct({ model: folder });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [name, comparisonShare, answers] of [
    ['a plain answer', 0, 1],
    ['both answers of a comparison', 1, 2],
  ] as const) {
    it(`never reaches the browser in ${name}`, async () => {
      await product.admin.admin.setSettings.mutate({ comparisonShare });
      const page = await browser.newPage();
      // Everything that the server sends for the page is kept: the word must not be in any byte of it.
      const received: string[] = [];
      page.on('response', async (response) => {
        received.push(await response.text().catch(() => ''));
      });
      await page.goto(product.url);
      await say(page, 'Say it.');
      await untilAnswered(page);
      await expect
        .poll(() => page.getByRole('article').filter({ hasText: 'oh-**** it' }).count(), { timeout: 30_000 })
        .toBe(answers);
      await screenshot(page, `swear-${answers}`);
      await page.close();
      expect(received.filter((body) => WORD.test(body))).toEqual([]);
    });
  }
});
