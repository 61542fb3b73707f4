// The workplace as a rater uses it: twenty tasks by keyboard alone, and every page of it without a barrier.

import type { Client } from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf, openRatingWorld, type RatingWorld } from './rating-world';
import { chromiumPath, screenshot, type TestProduct } from './support';

/** The words above the answer of each kind of task. */
const ASKS = {
  'Which answer is better?': 'compare',
  'How good is the answer, from 1 (worst) to 10 (best)?': 'rate',
  'Which is best? Press the best answer first, then the next best': 'rank',
  'Answer the questions': 'questionnaire',
  'Write the best answer': 'write',
  'Correct the answer': 'correct',
  'Should the model learn from this text?': 'review',
  'Raters disagree. You decide': 'adjudicate',
} as const;
type Kind = (typeof ASKS)[keyof typeof ASKS];

describe.runIf(chromiumPath)('the workplace', () => {
  let world: RatingWorld;
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  let database: Client;
  let other: RatingWorld['other'];
  let raterId: string;

  beforeAll(async () => {
    world = await openRatingWorld();
    ({ product, browser, database, other, raterId } = world);
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addCookies(world.cookiesOf(world.raterCookie));
    page = await context.newPage();
  });
  afterAll(() => world?.close());

  const status = () => page.getByRole('status').first();
  const chosen = () => page.locator('button[aria-pressed=true]').allTextContents();
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const region = () => page.locator('main section[tabindex="-1"]');
  const kindOf = async (): Promise<Kind> => {
    await region().waitFor();
    const label = await region().getAttribute('aria-label');
    return ASKS[label!.replace('Task: ', '') as keyof typeof ASKS];
  };
  const answered = async (count: number) => {
    await expect.poll(() => status().textContent()).toContain(`today: ${count}`);
  };
  /** Reads the row behind the only task that the rater holds. */
  const held = async () => {
    const { rows } = await database.query<{ id: string; task_id: string }>(
      `select id, task_id from rating_assignment where user_id = $1 and status = 'locked'`,
      [raterId],
    );
    return rows[0]!;
  };

  /** Answers the task in front by keys alone; texts hold every key that means something outside of them. */
  const ANSWER: Record<Kind, () => Promise<void>> = {
    async compare() {
      await press('3');
      expect((await chosen()).join()).toContain('Left, slightly better');
      await press('c');
      await page.keyboard.type('Because 1 5 0 b s n u w.');
      await press('Escape');
      expect((await chosen()).join()).toContain('Left, slightly better');
      await press('Enter');
    },
    async rate() {
      await press('7', '0');
      expect((await chosen()).join()).toContain('10 of 10');
      await press('Enter');
    },
    async rank() {
      await press('2', '1', '3', '=');
      expect(await chosen()).toEqual([
        expect.stringContaining('Answer 1: place 2'),
        expect.stringContaining('Answer 2: place 1'),
        expect.stringContaining('Answer 3: place 2'),
      ]);
      await press('Enter');
    },
    async questionnaire() {
      await press('Enter'); // not yet complete
      await press('1', '4', '2', 'ArrowUp', 'ArrowUp', '2');
      expect(await chosen()).toEqual(['2No', '44', '2Right']);
      await press('Enter');
    },
    async write() {
      await press('w');
      await page.keyboard.type('My own words: 1, 2, b, s, n, u.');
      await press('Control+Enter');
    },
    async correct() {
      await press('w', 'Control+End');
      await page.keyboard.type(' Better b s 1.');
      await press('Escape', 'Enter');
    },
    async review() {
      await press('1', '2', 'c');
      await page.keyboard.type('Not true 1');
      await press('Escape', 'Enter');
    },
    async adjudicate() {
      await page.getByText('Rater 2:').waitFor();
      await press('7', 'Enter');
    },
  };

  it('begins on the rater’s own page, and is closed to people who are no raters', async () => {
    await page.goto(`${product.url}/rate`);
    await page.getByRole('link', { name: 'Start rating' }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
    const guest = await browser.newPage();
    await guest.goto(`${product.url}/rate/work`);
    await guest.getByRole('heading', { name: 'For raters' }).waitFor();
    await guest.close();
    await page.getByRole('link', { name: 'Start rating' }).press('Enter');
    await answered(0);
  });

  it('skips with a reason by keys, and a key pressed in the dialog answers nothing', async () => {
    const first = await kindOf();
    await press('s');
    await page.getByRole('dialog').waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await chosen()).toEqual([]);
    const { id } = await held();
    await press('s', '2');
    await expect
      .poll(async () => (await database.query('select skip_reason from rating_assignment where id = $1', [id])).rows)
      .toEqual([{ skip_reason: 'language' }]);
    expect(first).toBeDefined();
    await answered(0);
  });

  it('says until when a task is kept, when the time is over, and that another rater has it', async () => {
    await page.getByText(/^This task is kept for you until/).waitFor();
    await expect.poll(async () => (await held())?.task_id).toBeDefined();
    const { id, task_id: taskId } = await held();
    await database.query(`update rating_assignment set locked_until = now() + interval '1.5 seconds' where id = $1`, [
      id,
    ]);
    await page.reload();
    await page.getByText(/^Your time for this task is over/).waitFor();
    expect((await other.rating.claim.mutate({ taskId }))!.assignmentId).not.toBe(id);
    const form = await region().elementHandle();
    await ANSWER[await kindOf()]();
    await page
      .getByRole('alert')
      .getByText(/^This task is no longer yours/)
      .waitFor();
    await press('n');
    await expect.poll(() => form!.evaluate((element) => element.isConnected)).toBe(false);
    await answered(0);
  });

  it('takes twenty mixed tasks by keys alone, the guideline beside them', async () => {
    const kinds: Kind[] = [];
    for (let count = 1; count <= 20; count++) {
      const kind = await kindOf();
      if (!kinds.includes(kind)) {
        await page.getByRole('heading', { name: 'How to judge' }).waitFor();
        expect([kind, await faultsOf(page)]).toEqual([kind, []]);
        await screenshot(page, `rate-${kind}`);
      }
      kinds.push(kind);
      const form = await region().elementHandle();
      await ANSWER[kind]();
      await answered(count);
      await expect.poll(() => form!.evaluate((element) => element.isConnected)).toBe(false);
    }
    await page.getByText('There is nothing to rate right now.').waitFor();
    expect(new Set(kinds).size).toBe(8);
    // One kind seldom follows itself: the tasks were mixed.
    expect(kinds.filter((kind, at) => kind === kinds[at - 1]).length).toBeLessThan(4);
    const { rows } = await database.query<{ kind: string; value: unknown; n: string }>(
      'select kind, value, count(*) as n from feedback where user_id = $1 group by kind, value order by kind',
      [raterId],
    );
    const total = rows.reduce((sum, { n }) => sum + Number(n), 0);
    // Two reviews act on the reviewed texts and are no feedback of their own.
    expect(total).toBe(18);
    const values = rows.map(({ value }) => JSON.stringify(value)).join(' ');
    expect(values).toContain('My own words: 1, 2, b, s, n, u.');
    expect(values).toContain('Better b s 1.');
    expect(rows.filter(({ kind }) => kind === 'rating')).toMatchObject([{ value: { rating: 10 } }]);
  });

  it('goes back, changes an answer, takes one back and answers it again', async () => {
    await press('b');
    await page.getByText('You are looking at the answer that you gave 1 task ago.').waitFor();
    await press('b');
    await page.getByText('You are looking at the answer that you gave 2 tasks ago.').waitFor();
    const before = await database.query('select count(*) from feedback_history where user_id = $1', [raterId]);
    await press('u');
    await page.getByText(/^This task is kept for you until/).waitFor();
    await expect.poll(async () => (await held())?.id).toBeDefined();
    await ANSWER[await kindOf()]();
    await page.getByText('There is nothing to rate right now.').waitFor();
    const after = await database.query('select count(*) from feedback_history where user_id = $1', [raterId]);
    expect(Number(after.rows[0].count)).toBeGreaterThanOrEqual(Number(before.rows[0].count));
    const done = `select count(*) from rating_assignment where user_id = $1 and status = 'done'`;
    expect((await database.query(done, [raterId])).rows).toEqual([{ count: '20' }]);
    await page.goto(`${product.url}/rate`);
    await page.getByText('In all', { exact: true }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });
});
