// Every kind of feedback as a person gives it in the chat: kept over a reload, undone, listed, and given by keys alone.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '@/core/hash';
import { dataPaths } from '@/core/paths';
import { encodeRows, snapshotFile } from '@/core/snapshot/snapshot';
import { writeTinyLlama } from '@/test/tiny-llama';
import { faultsOf } from './barriers';
import { chromiumPath, openBrowser, openProduct, say, screenshot, type TestProduct, untilAnswered } from './support';

/** The tiny model says each byte at most once. */
const ANSWER = 'Nap? Quiet.';

describe.runIf(chromiumPath)('feedback in the chat', () => {
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  let database: Client;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-feedback-'));
    await writeTinyLlama(folder, { seed: 3, alwaysSay: ANSWER });
    product = await openProduct({ model: folder });
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0 });
    database = new Client({ connectionString: product.databaseUrl });
    await database.connect();
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  });
  afterAll(async () => {
    await database?.end();
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** By kind, what the one person here has given. */
  const given = async () => {
    const { rows } = await database.query<{ kind: string; value: unknown }>('select kind, value from feedback');
    return Object.fromEntries(rows.map(({ kind, value }) => [kind, value]));
  };
  const group = (name: string) => page.getByRole('group', { name });
  it('keeps thumb, rating, flaw with its passage, correction and comment over a reload', async () => {
    await page.goto(product.url);
    await say(page, 'How do I sleep better?');
    await untilAnswered(page);
    await page.getByRole('button', { name: 'Bad answer' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Tell more' }).first().click();
    await page.getByRole('radio', { name: '3 of 10' }).focus();
    await page.keyboard.press('ArrowRight');
    await group('How good is it').getByText('Saved').waitFor();
    await page.getByText('Too short', { exact: true }).click();
    // A selection like a mouse's, of the first word.
    await page.evaluate(() => {
      const text = document.querySelector('.answer-text p')!.firstChild as Text;
      const range = document.createRange();
      range.setStart(text, 0);
      range.setEnd(text, 3);
      getSelection()!.removeAllRanges();
      getSelection()!.addRange(range);
    });
    await expect
      .poll(async () => (await given()).flaws)
      .toEqual({ flaws: [{ flaw: 'too_short', span: { start: 0, end: 3 } }] });
    await page.getByText('Not correct', { exact: true }).click();
    await page.getByRole('combobox', { name: 'Sentence with the flaw “Not correct”' }).selectOption({ index: 2 });
    await page.getByRole('button', { name: 'Correct the answer' }).click();
    await page.keyboard.press('End');
    await page.keyboard.type(' Sleep well.');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('textbox', { name: 'A comment' }).fill('Too thin');
    // Closing the panel loses nothing that was written.
    await page.getByRole('region', { name: 'Tell more' }).getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Tell more' }).first().click();
    expect(await page.getByRole('textbox', { name: 'A comment' }).inputValue()).toBe('Too thin');
    await page.getByRole('button', { name: 'Save the comment' }).click();
    await expect
      .poll(async () => Object.keys(await given()).sort())
      .toEqual(['correction', 'flaws', 'rating', 'thumb']);
    expect(await given()).toEqual({
      thumb: { up: false, reasons: [] },
      rating: { rating: 4 },
      // "Quiet." begins after four characters and a blank.
      flaws: {
        flaws: [
          { flaw: 'too_short', span: { start: 0, end: 3 } },
          { flaw: 'incorrect', span: { start: 5, end: 11 } },
        ],
      },
      correction: { text: `${ANSWER} Sleep well.` },
    });
    expect(await faultsOf(page)).toEqual([]);
    await page.reload();
    await page.getByText('You gave: 4 of 10 · 2 flaws · a correction · a comment').waitFor();
    await page.getByRole('button', { name: 'Your correction', exact: true }).click();
    await page.getByText('Sleep well.').waitFor();
  });

  it('undoes one part without the others', async () => {
    await page.getByRole('button', { name: 'Tell more' }).first().click();
    await page.getByRole('radio', { name: '9 of 10' }).focus();
    await page.keyboard.press('Space');
    await expect.poll(async () => (await given()).rating).toEqual({ rating: 9 });
    await group('How good is it').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await given()).rating).toEqual({ rating: 4 });
    await page.getByText('Nothing', { exact: true }).click();
    await expect.poll(async () => (await given()).flaws).toEqual({ flaws: [] });
    await group('What is wrong with it?').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => ((await given()).flaws as { flaws: unknown[] }).flaws.length).toBe(2);
    await page.getByRole('button', { name: 'Close', exact: true }).last().click();
  });

  it('shows a regenerated answer beside the former one, and takes seven steps by keys alone', async () => {
    await page.getByRole('button', { name: 'Regenerate' }).click();
    await untilAnswered(page);
    const which = page.getByRole('radiogroup', { name: 'Which is better?' });
    await expect.poll(() => which.getByRole('radio').first().isEnabled()).toBe(true);
    expect(await page.getByText(ANSWER, { exact: true }).count()).toBe(2);
    await which.getByRole('radio').first().focus();
    await page.keyboard.press('ArrowRight');
    expect((await given()).comparison).toBeUndefined();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await given()).comparison).toEqual({ choice: 'right' });
    await page.getByText('Saved: this answer is better').waitFor();
    // The buttons are gone; the focus comes to what stands in their place.
    await expect.poll(() => page.locator(':focus').textContent()).toContain('Saved: this answer is better');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('3');
    await page.getByText('Saved: this answer is slightly better').waitFor();
    expect((await given()).comparison).toEqual({ choice: 'right', strength: 'slightly' });
  });

  it('ranks three answers by buttons, with the focus on the button that was pressed', async () => {
    await page.getByRole('button', { name: 'Regenerate' }).last().click();
    await untilAnswered(page);
    // The former answer is in two comparisons now; what is undone is the vote that was just cast.
    const which = page.getByRole('radiogroup', { name: 'Which is better?' });
    await expect.poll(() => which.getByRole('radio').first().isEnabled()).toBe(true);
    await which.getByRole('radio').first().click();
    await page.getByText('Saved: this answer is better').waitFor();
    await page.getByRole('radiogroup', { name: 'How much better?' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect
      .poll(async () => (await database.query("select value from feedback where kind = 'comparison'")).rows)
      .toEqual([{ value: { choice: 'right', strength: 'slightly' } }]);
    await page.getByRole('button', { name: 'Rank all 3 answers' }).click();
    // The order begins with the vote that stands: answer 2 is better than answer 1.
    expect(await page.locator('ol li[draggable] summary span:first-child').allTextContents()).toEqual([
      'Answer 2',
      'Answer 1',
      'Answer 3',
    ]);
    await page.getByRole('button', { name: 'Move Answer 3 up' }).press('Enter');
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    await expect.poll(focused).toBe('Move Answer 3 up');
    await page.getByRole('button', { name: 'Save this order' }).click();
    await page.getByRole('button', { name: 'Answer 1 is the best' }).click();
    const ids = (await database.query<{ id: string }>('select id from generation order by created_at')).rows.map(
      ({ id }) => id,
    );
    await expect.poll(async () => (await given()).ranking).toEqual({ order: [[ids[1]], [ids[2]], [ids[0]]] });
    await expect.poll(async () => (await given()).best_of).toEqual({ generationIds: ids, best: ids[0] });
    expect(await faultsOf(page)).toEqual([]);
    await screenshot(page, 'feedback-ranking');
  });

  it('notes copying only after the person allows weak signals, and forgets it when they no longer do', async () => {
    await page.getByRole('button', { name: 'Copy the answer' }).last().click();
    await page.waitForTimeout(500);
    expect((await given()).implicit).toBeUndefined();
    const chat = page.url();
    const allows = page.getByRole('switch', { name: /weak signals/ });
    await page.goto(`${product.url}/settings`);
    await allows.click();
    await expect.poll(() => allows.isChecked()).toBe(true);
    await page.goto(chat);
    await page.getByRole('button', { name: 'Copy the answer' }).last().click();
    await expect.poll(async () => (await given()).implicit).toMatchObject({ copied: true });
    await page.goto(`${product.url}/settings`);
    await allows.click();
    await expect.poll(async () => (await given()).implicit).toBeUndefined();
  });

  it('lists what the person gave, changes it, takes it back and undoes that', async () => {
    await page.goto(`${product.url}/feedback`);
    const item = (name: string) =>
      page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
    await item('Rating').getByRole('combobox').selectOption('8');
    await expect.poll(async () => (await given()).rating).toEqual({ rating: 8 });
    await item('Rating').getByText('Changed').waitFor();
    expect(await item('Rating').getByRole('combobox').inputValue()).toBe('8');
    expect(await item('Rating').getByRole('definition').allTextContents()).toEqual(['How do I sleep better?', ANSWER]);
    // In the words in which the chat asked.
    await item('Comparison').getByText('The new answer is slightly better', { exact: true }).waitFor();
    expect(await item('Comparison').getByRole('term').allTextContents()).toEqual([
      'Your message',
      'Former answer',
      'New answer',
    ]);
    await item('Ranking').getByText('Best first: 2 › 3 › 1', { exact: true }).waitFor();
    await screenshot(page, 'own-feedback');
    await item('Correction').getByRole('button', { name: 'Take it back' }).click();
    await expect.poll(async () => (await given()).correction).toBeUndefined();
    await item('Correction').getByRole('button', { name: 'Take it back' }).waitFor({ state: 'detached' });
    await item('Correction').getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await given()).correction).toEqual({ text: `${ANSWER} Sleep well.` });
    expect(await faultsOf(page)).toEqual([]);
  });

  /** A judged run whose snapshot holds the person's rating. */
  async function learn(): Promise<{ snapshotId: string; ratingId: string }> {
    const { rows } = await database.query<{ id: string }>("select id from feedback where kind = 'rating'");
    const ratingId = rows[0]!.id;
    const promptIds = [...Buffer.from('How do I sleep better?')];
    const answerIds = [...Buffer.from(ANSWER)];
    const rater = { raterId: 'a'.repeat(16), feedbackId: ratingId, trust: 1, groups: { language: 'en' } };
    const content = encodeRows([{ kind: 'rating', split: 'train', promptIds, answerIds, value: 8, ...rater }]);
    const snapshotId = randomUUID();
    const folder = dataPaths(join(product.folder, 'data')).snapshots;
    await mkdir(folder, { recursive: true });
    await writeFile(snapshotFile(folder, snapshotId), content);
    await database.query("insert into snapshot (id, sha256, counts, frozen_up_to) values ($1, $2, '{}', now())", [
      snapshotId,
      sha256(content),
    ]);
    await database.query(
      `insert into training_run (status, trigger, config, parent_version_id, snapshot_id, verdict)
       values ('rejected', 'button', '{}', 'base', $1, 'The gates were not passed.')`,
      [snapshotId],
    );
    return { snapshotId, ratingId };
  }

  it('follows a vote to the snapshot and the run that read it', async () => {
    await learn();
    await page.reload();
    const item = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Rating', exact: true }) });
    await item.getByRole('link', { name: 'Where it went' }).click();
    await page.getByText('It stands in line 1.').waitFor();
    await page.getByText('The gates were not passed.').waitFor();
    expect(await page.getByRole('link', { name: /^Snapshot/ }).count()).toBe(0);
    expect(await faultsOf(page)).toEqual([]);
  });

  it('shows administrators every kind, lets them exclude a row and undo it, and leads to its snapshot and back', async () => {
    const office = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await office.goto((await product.adminLink())!);
    await office.goto(`${product.url}/admin/feedback`);
    const item = (kind: string) =>
      office.getByRole('article').filter({ has: office.getByRole('heading', { name: kind, exact: true }) });
    for (const kind of ['Thumb', 'Rating', 'Flaws', 'Correction', 'Comparison', 'Ranking', 'Best answer'])
      await item(kind).waitFor();
    expect(await item('Flaws').locator('mark').allTextContents()).toEqual(['Nap', 'Quiet.']);
    await item('Correction').getByText(ANSWER, { exact: true }).waitFor();
    await item('Correction').getByText('Sleep well.').waitFor();
    expect(await faultsOf(office)).toEqual([]);

    await office.getByRole('searchbox', { name: /^Search/ }).fill('too thin');
    await expect.poll(() => office.getByRole('article').count()).toBe(1);
    await item('Thumb')
      .getByRole('button', { name: /^Exclude: Thumb/ })
      .click();
    const dialog = office.getByRole('dialog');
    await dialog.getByText('The next snapshot leaves it out').waitFor();
    await dialog.getByRole('button', { name: 'Exclude', exact: true }).click();
    await dialog.getByText('Write why.').waitFor();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('A test');
    expect(await faultsOf(office)).toEqual([]);
    await dialog.getByRole('button', { name: 'Exclude', exact: true }).click();
    await item('Thumb').getByText('Reason: A test').waitFor();
    await item('Thumb')
      .getByRole('button', { name: /^Put back/ })
      .click();
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Never mind');
    await dialog.getByRole('button', { name: 'Put back', exact: true }).click();
    await item('Thumb').getByText('Reason: A test').waitFor({ state: 'hidden' });

    await office.getByRole('button', { name: 'Clear the filters' }).click();
    await item('Rating').getByRole('link', { name: 'Where it went' }).click();
    await office.getByRole('link', { name: /^Snapshot/ }).click();
    await office.getByText('One row from one person').waitFor();
    await office.getByRole('listitem').filter({ hasText: '8 of 10' }).getByText(ANSWER).waitFor();
    expect(await faultsOf(office)).toEqual([]);
    await screenshot(office, 'snapshot');
    await office.getByRole('link', { name: 'Its votes' }).click();
    await office.getByRole('link', { name: /^In snapshot/ }).waitFor();
    await expect.poll(() => office.getByRole('article').count()).toBe(1);
    await screenshot(office, 'admin-feedback');
    await office.close();
  });

  it('shows everyone what changed, in both languages', async () => {
    const visitor = await browser.newPage({ locale: 'ja' });
    await visitor.goto(`${product.url}/changes`);
    await visitor.getByRole('heading', { name: 'base' }).waitFor();
    await visitor.getByText('現在使用中').waitFor();
    await visitor.close();
  });
});
