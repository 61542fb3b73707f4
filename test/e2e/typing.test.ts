// A person types while comparisons finish: every letter arrives, and none of them casts a vote.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyLlama } from '@/test/tiny-llama';
import { chromiumPath, openBrowser, openProduct, say, type TestProduct } from './support';

const TEXTS = [
  '2 more planets please',
  'What about another one?',
  '1, 2, 3 and 4: which?',
  '4 eggs make how many cakes',
];

/** People who type at the same time. */
const GUESTS = 4;

describe.runIf(chromiumPath)('writing while a comparison finishes', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-typing-'));
    await writeTinyLlama(folder, { seed: 3 });
    product = await openProduct({ model: folder });
    const sampling = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1, maxTokens: 400 };
    await product.admin.admin.setSettings.mutate({ comparisonShare: 1, sampling });
    browser = await openBrowser();
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const votes = async () => (await product.admin.admin.overview.query()).counts.feedback.n;
  const betterOn = (on: Page, side: string) => on.getByRole('radio', { name: `${side} is better` });
  const better = (side: string) => betterOn(page, side);

  /** Asks for a comparison on a new chat; then types while it is running, and on until it has ended. */
  async function ask(guest: Page, at: number) {
    let written = '';
    const type = async (text: string) => {
      for (const key of text) {
        await guest.keyboard.type(key);
        written += key;
        // A person takes 50 to 150 ms per key.
        await guest.waitForTimeout(50 + ((at * 37 + written.length * 61) % 101));
      }
    };
    const text = TEXTS[at % TEXTS.length]!;
    await guest.goto(product.url);
    await say(guest, `Name two planets, ${at}`);
    await betterOn(guest, 'A').waitFor();
    return {
      async begin() {
        // In every second try the person has clicked outside the field first.
        if (at % 2 === 1) await guest.getByRole('log').click({ position: { x: 5, y: 5 } });
        await type(text.slice(0, at % 4));
        expect(await betterOn(guest, 'A').isEnabled()).toBe(false);
      },
      /** What was typed and what the field holds, where they differ. */
      async finish(): Promise<string[]> {
        await type(text.slice(at % 4));
        while (!(await betterOn(guest, 'A').isEnabled())) await type(' and');
        await type('2 or 3');
        const shown = await guest.getByRole('textbox', { name: 'Your message' }).inputValue();
        return shown === written ? [] : [`${written} -> ${shown}`];
      },
    };
  }

  it('loses no letter and casts no vote in 20 tries', async () => {
    const engine = product.supervisor.pid('engine')!;
    const others = Array.from({ length: GUESTS - 1 }, async () => (await browser.newContext()).newPage());
    const guests = [page, ...(await Promise.all(others))];
    const lost: string[] = [];
    for (let round = 0; round < 20 / GUESTS; round++) {
      // The engine is paused so that the answers finish only while people type.
      process.kill(engine, 'SIGSTOP');
      try {
        const typists = await Promise.all(guests.map((guest, at) => ask(guest, round * GUESTS + at)));
        await Promise.all(typists.map(({ begin }) => begin()));
        process.kill(engine, 'SIGCONT');
        lost.push(...(await Promise.all(typists.map(({ finish }) => finish()))).flat());
      } finally {
        process.kill(engine, 'SIGCONT');
      }
    }
    expect(lost).toEqual([]);
    expect(await votes()).toBe(0);
  });

  it('lets keys vote once a person has moved the focus to the card, and undoes the vote', async () => {
    await better('A').focus();
    await page.keyboard.press('ArrowRight');
    expect(await better('B').evaluate((button) => button === document.activeElement)).toBe(true);
    expect(await votes()).toBe(0);
    await page.keyboard.press('2');
    await page.getByText('Saved: B is better').waitFor();
    expect(await votes()).toBe(1);
    // The button that had the focus is gone: the next key belongs to the message.
    const input = page.getByRole('textbox', { name: 'Your message' });
    const before = await input.inputValue();
    await page.keyboard.type('x');
    await expect.poll(() => input.inputValue()).toMatch(/x/);
    expect((await input.inputValue()).length).toBe(before.length + 1);
    await page.getByRole('button', { name: 'Undo' }).click();
    await better('A').waitFor();
    expect(await votes()).toBe(0);
  });

  it('says which answer a chat continues from when no one chooses', async () => {
    await page.getByText('if you keep writing, the chat continues from answer A').waitFor();
    await say(page, 'And now something else');
    await page.getByText('The chat continued from this one, Answer A').waitFor();
    expect(await votes()).toBe(0);
  });
});
