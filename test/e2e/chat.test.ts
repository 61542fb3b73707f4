// The chat as a person uses it, in Chromium, on the real base if it is installed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/test/tiny-llama';
import {
  chromiumPath,
  openBrowser,
  openProduct,
  realModel,
  say,
  screenshot,
  type TestProduct,
  untilAnswered,
} from './support';

describe.runIf(chromiumPath)('the chat', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-chat-'));
    if (!realModel) await writeTinyLlama(folder, { seed: 3 });
    product = await openProduct({ model: realModel ?? folder });
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0 });
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('streams an answer in at least five updates', async () => {
    // Greedy in this test, so that every run gets the same answer; sampled from the next test on.
    const sampling = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, maxTokens: 160 };
    await product.admin.admin.setSettings.mutate({ sampling });
    await page.goto(product.url);
    // Counts how often the conversation's text grows on the page.
    await page.evaluate(() => {
      const lengths: number[] = [];
      Object.assign(window, { lengths });
      setInterval(() => {
        const length = [...document.querySelectorAll('article')].at(-1)?.textContent?.length ?? 0;
        if (length > (lengths.at(-1) ?? 0)) lengths.push(length);
      }, 10);
    });
    await say(page, 'What is the capital of France? Tell me three facts about it.');
    await untilAnswered(page);
    const updates = await page.evaluate(() => (window as unknown as { lengths: number[] }).lengths.length);
    await screenshot(page, 'chat-answer');
    await product.admin.admin.setSettings.mutate({ sampling: { ...sampling, temperature: 0.7 } });
    expect(updates).toBeGreaterThanOrEqual(5);
    if (realModel) expect(await page.getByRole('main').textContent()).toContain('Paris');
  });

  it('keeps a thumb after a reload', async () => {
    await page.getByRole('button', { name: 'Good answer' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Remove the rating' }).count()).toBe(1);
    await page.reload();
    await page.getByRole('button', { name: 'Remove the rating' }).waitFor();
  });

  it('resumes the stream when the page is reloaded in mid-answer', async () => {
    await say(page, 'Write a long story about a lighthouse.');
    await page.getByRole('button', { name: 'Stop the answer' }).waitFor();
    await page.reload();
    await untilAnswered(page);
    await screenshot(page, 'chat-resumed');
    expect(await page.getByRole('article').count()).toBeGreaterThanOrEqual(2);
    expect(await page.getByText('The answer was interrupted.').count()).toBe(0);
  });

  it('keeps the old answer when it answers again, and pages between the two', async () => {
    await page.getByRole('button', { name: 'Regenerate' }).last().click();
    await untilAnswered(page);
    await page.getByText('2/2').waitFor();
    const second = await page.getByRole('article').last().textContent();
    await page.getByRole('button', { name: 'Previous alternative' }).click();
    await page.getByText('1/2').waitFor();
    expect(await page.getByRole('article').last().textContent()).not.toBe(second);
  });

  it('keeps what was written when the answer is stopped', async () => {
    await say(page, 'Count slowly from one to five hundred, in words.');
    const stop = page.getByRole('button', { name: 'Stop the answer' });
    await stop.waitFor();
    await page.waitForTimeout(700);
    // A short answer may have finished in the meantime.
    await stop.click({ timeout: 2000 }).catch(() => {});
    await stop.waitFor({ state: 'hidden' });
    const answer = page.getByRole('article').last().locator('.answer-text');
    const text = await answer.textContent();
    expect(text).toBeTruthy();
    await page.reload();
    await answer.waitFor();
    expect(await answer.textContent()).toBe(text);
  });

  it('shows two answers side by side and accepts a choice by keyboard', async () => {
    await product.admin.admin.setSettings.mutate({ comparisonShare: 1 });
    const phone = await context.newPage();
    await phone.setViewportSize({ width: 390, height: 844 });
    await phone.goto(product.url);
    await say(phone, 'Give me one tip for better sleep.');
    await phone.getByRole('radio', { name: 'A is better' }).waitFor();
    await expect
      .poll(() => phone.getByRole('radio', { name: 'A is better' }).isEnabled(), { timeout: 120_000 })
      .toBe(true);
    await screenshot(phone, 'chat-comparison-phone');
    await phone.getByRole('radio', { name: 'About the same' }).focus();
    await phone.keyboard.press('1');
    await phone.getByRole('radio', { name: 'A is better' }).waitFor({ state: 'hidden' });
    await phone.getByText('Saved: A is better').waitFor();
    await phone.close();
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0 });
  });

  it("keeps a guest's conversations after signing up", async () => {
    await page.goto(`${product.url}/sign-in`);
    await page
      .getByRole('button', { name: /create account/i })
      .or(page.getByRole('link', { name: /create account/i }))
      .first()
      .click();
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('Email').fill('ada@example.com');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Create account' }).last().click();
    await page.waitForURL((url) => url.pathname === '/');
    await expect
      .poll(() => page.getByRole('link', { name: /capital of France/ }).count(), { timeout: 15_000 })
      .toBeGreaterThan(0);
  });

  it('continues an answer after the engine is killed in the middle of it', async () => {
    await page.goto(product.url);
    await say(page, 'Write a long poem about the sea and its many moods.');
    await page.getByRole('button', { name: 'Stop the answer' }).waitFor();
    await page.waitForTimeout(500);
    const before = product.supervisor.pid('engine')!;
    process.kill(before, 'SIGKILL');
    await untilAnswered(page);
    expect(await page.getByText('The answer was interrupted.').count()).toBe(0);
    expect(product.supervisor.pid('engine')).not.toBe(before);
  });
});
