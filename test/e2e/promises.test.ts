// What the chat promises: consent, drafts, ratings that can be undone, and an explanation when an answer does not come.
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chooseConsent,
  chromiumPath,
  openBrowser,
  openTinyProduct,
  say,
  type TestProduct,
  untilAnswered,
} from './support';

describe.runIf(chromiumPath)('the chat', () => {
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  let database: pg.Client;
  beforeAll(async () => {
    product = await openTinyProduct();
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0 });
    database = new pg.Client({ connectionString: product.databaseUrl });
    await database.connect();
    browser = await openBrowser();
    page = await (await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })).newPage();
  });
  afterAll(async () => {
    await database?.end();
    await browser?.close();
    await product?.close();
  });

  const input = () => page.getByRole('textbox', { name: 'Your message' });
  const rows = async (sql: string) => (await database.query(sql)).rows;

  it('asks before the first message, keeps what is written meanwhile, and stores "no" with the message', async () => {
    const guest = await browser.newContext();
    const first = await guest.newPage();
    await first.goto(product.url);
    const field = first.getByRole('textbox', { name: 'Your message' });
    await first.getByRole('heading', { name: 'May your messages and ratings train the model?' }).waitFor();
    await field.fill('Keep this private');
    await field.press('Enter');
    await first.getByRole('alert').filter({ hasText: 'Choose above' }).waitFor();
    expect(await field.inputValue()).toBe('Keep this private');
    expect(await rows('select 1 from conversation')).toEqual([]);
    await chooseConsent(first, false);
    // The tab is closed as soon as it has sent that one request.
    const sent = first.waitForRequest((request) => request.url().includes('chat.send'));
    await field.press('Enter');
    await sent;
    await guest.close();
    await expect
      .poll(() =>
        rows(
          'select c.title, c.allow_training, u.allow_training as choice from conversation c join "user" u on u.id = c.user_id',
        ),
      )
      .toEqual([{ title: 'Keep this private', allow_training: false, choice: false }]);
  });

  it('shows a switch as it is stored, even if the change is lost on the way', async () => {
    await page.goto(product.url);
    await say(page, '    indented\n        deeper');
    await untilAnswered(page);
    // The blanks of the first line belong to the message.
    expect((await rows(`select content from message where content like '%indented%'`))[0].content).toBe(
      '    indented\n        deeper',
    );
    const consent = page.getByRole('switch', { name: /train/ });
    expect(await consent.getAttribute('aria-checked')).toBe('true');
    await page.context().setOffline(true);
    await consent.click();
    await page.getByRole('alert').filter({ hasText: 'The change was not saved.' }).waitFor();
    expect(await consent.getAttribute('aria-checked')).toBe('true');
    await page.context().setOffline(false);
    await consent.click();
    await page.getByRole('switch', { name: 'Nothing from this chat trains the model' }).waitFor();
    await page.reload();
    expect(await page.getByRole('switch', { name: /train/ }).getAttribute('aria-checked')).toBe('false');
  });

  it('refuses a message that is too long in the composer, says by how much, and keeps it', async () => {
    for (const length of [12_000, 400]) {
      await input().fill('日'.repeat(length));
      await page.getByText(/about [\d,]+ characters too long/).waitFor();
      await input().press('Enter');
      expect((await input().inputValue()).length).toBe(length);
    }
    // 400 characters are 1,200 tokens here, of which 749 fit next to the answer.
    expect(await page.getByText(/too long/).textContent()).toContain('about 151 characters');
    await input().fill('日'.repeat(200));
    await page.getByText(/too long/).waitFor({ state: 'hidden' });
    await input().press('Enter');
    await expect.poll(() => input().inputValue()).toBe('');
    await untilAnswered(page);
  });

  it('saves a thumb, removes it with its comment at a second click, and brings both back by Undo', async () => {
    const answer = page.getByRole('article').last();
    await answer.getByRole('button', { name: 'Good answer' }).click();
    await answer.getByText('Saved').waitFor();
    await answer.getByRole('button', { name: 'Tell more' }).first().click();
    await answer.getByRole('textbox', { name: 'A comment' }).fill('  it rhymes');
    await answer.getByRole('button', { name: 'Save the comment' }).click();
    const comments = () => rows("select value -> 'up' as up, comment from feedback");
    await expect.poll(comments).toEqual([{ up: true, comment: 'it rhymes' }]);
    await answer.getByRole('button', { name: 'Remove the rating' }).click();
    await answer.getByText('Rating removed, with your comment').waitFor();
    expect(await comments()).toEqual([]);
    await answer.getByRole('button', { name: 'Undo' }).first().click();
    await expect.poll(comments).toEqual([{ up: true, comment: 'it rhymes' }]);
    await answer.getByRole('button', { name: 'Bad answer' }).click();
    await expect.poll(comments).toEqual([{ up: false, comment: 'it rhymes' }]);
    const [form, words] = [
      answer.getByRole('group', { name: 'What is wrong with it?' }),
      answer.locator('.answer-text'),
    ];
    const [below, above] = [await form.boundingBox(), await words.boundingBox()];
    expect(below!.y).toBeGreaterThan(above!.y + above!.height);
  });

  it('asks which answer is better only with consent, and shows the branch that was written last after a reload', async () => {
    await page.goto(product.url);
    await say(page, 'Branch');
    await untilAnswered(page);
    await page.getByRole('button', { name: 'Regenerate' }).last().click();
    await untilAnswered(page);
    await page.getByText('2/2').waitFor();
    // The two are compared only where the choice may be used.
    const which = page.getByRole('radiogroup', { name: 'Which is better?' });
    await which.waitFor();
    await page.getByRole('switch', { name: /train/ }).click();
    await which.waitFor({ state: 'detached' });
    await page.getByRole('switch', { name: /train/ }).click();
    await which.waitFor();
    await page.getByRole('button', { name: 'Previous alternative' }).last().click();
    await page.getByText('1/2').waitFor();
    await say(page, 'Written below the older answer');
    await untilAnswered(page);
    await page.reload();
    await page.getByText('Written below the older answer').waitFor();
  });

  it('says what happens when an answer hangs, and offers to stop it or ask again', async () => {
    const engine = product.supervisor.pid('engine')!;
    process.kill(engine, 'SIGSTOP');
    try {
      await say(page, 'Hang');
      await page.getByText('No new words for a while.').waitFor({ timeout: 15_000 });
      await page.getByRole('main').getByRole('button', { name: 'Try again' }).waitFor();
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      await page.getByText('You stopped this answer.').waitFor();
    } finally {
      process.kill(engine, 'SIGCONT');
    }
  });

  it('says that a chat is gone when it is deleted in another tab in mid-answer', async () => {
    const engine = product.supervisor.pid('engine')!;
    await page.goto(product.url);
    process.kill(engine, 'SIGSTOP');
    try {
      await say(page, 'Delete me meanwhile');
      await page.waitForURL(/\/c\//);
      const other = await page.context().newPage();
      await other.goto(page.url());
      await other.getByRole('button', { name: 'Actions for Delete me meanwhile' }).click();
      await other.getByRole('menuitem', { name: 'Delete' }).click();
      await other.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await other.getByRole('dialog').waitFor({ state: 'hidden' });
      await other.close();
      await page.getByRole('heading', { name: 'Chat not found' }).waitFor();
      expect(await page.getByText('Reconnecting').count()).toBe(0);
    } finally {
      process.kill(engine, 'SIGCONT');
    }
    await page.getByRole('button', { name: 'Start a new chat' }).click();
    await page.getByRole('heading', { name: 'What is on your mind?' }).waitFor();
  });

  it('keeps a draft while another conversation is open', async () => {
    await page
      .getByRole('link', { name: /Branch/ })
      .first()
      .click();
    await page.getByText('Written below the older answer').waitFor();
    await input().fill('Half a thought');
    await page.getByRole('button', { name: 'New chat' }).first().click();
    await page.getByRole('heading', { name: 'What is on your mind?' }).waitFor();
    expect(await input().inputValue()).toBe('');
    await page.goBack();
    await expect.poll(() => input().inputValue()).toBe('Half a thought');
    await input().fill('');
  });
});
