// A rule refuses a message: nothing of it is written, and its text is back in the field, where it can be changed and sent.
import pg from 'pg';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chooseConsent, chromiumPath, openBrowser, openTinyProduct, type TestProduct, untilAnswered } from './support';

const REFUSED = 'Well, fuck it';

describe.runIf(chromiumPath)('a message that a rule refuses', () => {
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  let database: pg.Client;
  beforeAll(async () => {
    product = await openTinyProduct();
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0 });
    const { rules } = await product.admin.rule.list.query();
    const rule = rules.find((view) => view.rule?.kind === 'profanity')!.rule!;
    await product.admin.rule.save.mutate({ rule: { ...rule, input: 'block' }, expectedVersion: rule.version });
    database = new pg.Client({ connectionString: product.databaseUrl });
    await database.connect();
    browser = await openBrowser();
    page = await browser.newPage();
  });
  afterAll(async () => {
    await database?.end();
    await browser?.close();
    await product?.close();
  });
  beforeEach(async () => {
    await database.query('delete from conversation');
    await page.goto(product.url);
    await chooseConsent(page);
    await input().focus();
  });

  const input = () => page.getByRole('textbox', { name: 'Your message' });
  const sentence = () => page.getByRole('alert').filter({ hasText: 'A content rule forbids this: swear words.' });
  const isFocused = () => input().evaluate((field) => field === document.activeElement);
  const written = async () =>
    (await database.query(`select content from message where role = 'user' order by created_at`)).rows.map(
      ({ content }) => content as string,
    );
  /** Holds the next message until the returned function is called. */
  async function holdSend(): Promise<() => void> {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const hold = (route: Route) => held.then(() => route.continue());
    await page.route(/chat\.send/, hold, { times: 1 });
    return release;
  }

  it('is back in the field with the reason, nothing is written, and after a change it is sent', async () => {
    await page.keyboard.type(REFUSED);
    await page.keyboard.press('Enter');
    await sentence().waitFor();
    expect(await input().inputValue()).toBe(REFUSED);
    expect(await isFocused()).toBe(true);
    expect(await page.getByRole('log').count()).toBe(0);
    for (const table of ['conversation', 'message', 'generation'])
      expect((await database.query(`select 1 from ${table}`)).rows, table).toEqual([]);
    // Unchanged it is refused again, and stays.
    await page.keyboard.press('Enter');
    await sentence().waitFor();
    await expect.poll(() => input().inputValue()).toBe(REFUSED);
    for (let i = 0; i < 'fuck it'.length; i++) await page.keyboard.press('Backspace');
    await page.keyboard.type('forget it');
    await page.keyboard.press('Enter');
    await untilAnswered(page);
    expect(await written()).toEqual(['Well, forget it']);
    expect([await sentence().count(), await input().inputValue()]).toEqual([0, '']);
  });

  it('takes no place of a text that was begun meanwhile: it waits in the chat, and can be changed there', async () => {
    const release = await holdSend();
    await page.keyboard.type(REFUSED);
    await page.keyboard.press('Enter');
    await page.keyboard.type('Another th');
    release();
    await sentence().waitFor();
    expect(await isFocused()).toBe(true);
    await page.keyboard.type('ought');
    expect(await input().inputValue()).toBe('Another thought');
    await page.getByRole('log').getByText(REFUSED).waitFor();
    expect(await page.getByRole('log').getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await page.getByRole('log').getByRole('button', { name: 'Edit', exact: true }).focus();
    await page.keyboard.press('Enter');
    const edited = page.getByRole('textbox', { name: 'Edited message' });
    expect(await edited.inputValue()).toBe(REFUSED);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Well, never mind');
    await page.keyboard.press('Enter');
    await untilAnswered(page);
    expect(await written()).toEqual(['Well, never mind']);
    expect(await input().inputValue()).toBe('Another thought');
  });

  it('waits in its own place when it was an edit of an earlier message, and the field stays empty', async () => {
    await page.keyboard.type('Good day');
    await page.keyboard.press('Enter');
    await untilAnswered(page);
    await page.getByRole('button', { name: 'Edit the message' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(REFUSED);
    await page.keyboard.press('Enter');
    await sentence().waitFor();
    expect(await input().inputValue()).toBe('');
    await page.getByRole('log').getByText(REFUSED).waitFor();
    expect(await written()).toEqual(['Good day']);
  });

  it('is in the field of its chat when the person has opened another one meanwhile', async () => {
    await page.keyboard.type('Good morning');
    await page.keyboard.press('Enter');
    await untilAnswered(page);
    const release = await holdSend();
    await input().focus();
    await page.keyboard.type(REFUSED);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'New chat' }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'What is on your mind?' }).waitFor();
    const answered = page.waitForResponse(/chat\.send/);
    release();
    await (await answered).finished();
    expect(await input().inputValue()).toBe('');
    await page
      .getByRole('link', { name: /Good morning/ })
      .first()
      .focus();
    await page.keyboard.press('Enter');
    await page.getByRole('article').first().waitFor();
    await expect.poll(() => input().inputValue()).toBe(REFUSED);
  });
});
