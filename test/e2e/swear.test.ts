// A model that always swears: the word never reaches the browser, in a plain answer or in a comparison.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/test/tiny-llama';
import { chromiumPath, openBrowser, openProduct, say, screenshot, type TestProduct, untilAnswered } from './support';

// Every byte of the text is a separate token, so the word arrives split over tokens.
const SAID = 'oh-fuck it';
const WORD = /fuck/i;
const MASKED = 'oh-████ it';

interface Received {
  /** Bodies of plain responses. */
  bodies: string[];
  /** Payloads of server-sent events in order, by stream. */
  streams: Map<string, string[]>;
  /** Responses whose body could not be read: there must be none, or the word could hide in one. */
  unread: string[];
}

/** Records all that the server sends to the page. Playwright has no body for event streams, so Chromium is asked. */
async function record(page: Page): Promise<Received> {
  const received: Received = { bodies: [], streams: new Map(), unread: [] };
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.eventSourceMessageReceived', ({ requestId, data }) => {
    received.streams.set(requestId, [...(received.streams.get(requestId) ?? []), data]);
  });
  page.on('response', async (response) => {
    const isStream = (response.headers()['content-type'] ?? '').startsWith('text/event-stream');
    const hasBody = response.status() < 300 && response.status() !== 204;
    if (isStream || !hasBody) return;
    await response.text().then(
      (body) => received.bodies.push(body),
      () => received.unread.push(response.url()),
    );
  });
  return received;
}

/** The text shown after each event of a stream: a word split over events is whole in one of these. */
function shownTexts(events: readonly string[]): string[] {
  let shown = '';
  return events.map((data) => {
    // tRPC's events for connecting and ending carry nothing or settings.
    const { json: event } = JSON.parse(data || '{}') as { json?: { type: string; text: string } };
    if (event?.type === 'delta') shown += event.text;
    else if (event?.type === 'snapshot' || event?.type === 'end') shown = event.text;
    return shown;
  });
}

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
      const received = await record(page);
      await page.goto(product.url);
      await say(page, 'Say it.');
      await untilAnswered(page);
      await expect
        .poll(() => page.getByRole('article').filter({ hasText: MASKED }).count(), { timeout: 30_000 })
        .toBe(answers);
      await screenshot(page, `swear-${answers}`);
      // The streams really were read: each answer has one, and it ends with the masked text.
      const streams = [...received.streams.values()];
      expect(streams.map((events) => shownTexts(events).at(-1))).toEqual(Array(answers).fill(MASKED));
      const shown = [...received.bodies, ...streams.flat(), ...streams.flatMap(shownTexts)];
      expect(shown.filter((text) => WORD.test(text))).toEqual([]);
      expect(received.bodies.some((body) => body.includes('<html'))).toBe(true);
      expect(received.unread).toEqual([]);
      await page.close();
    });
  }
});
