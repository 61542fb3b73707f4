// The workplace as a rater and an admin use it: twenty tasks by keyboard alone, and every page of it without a barrier.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { source as axe } from 'axe-core';
import { Client } from 'pg';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi, signInByLink, signUp } from '@/bench/simulate/client';
import { writeTinyLlama } from '@/test/tiny-llama';
import { chromiumPath, openBrowser, openProduct, screenshot, type TestProduct } from './support';

const SHARES = { lockMinutes: 15, overlapShare: 0, overlapRaters: 2, goldShare: 0, repeatShare: 0 };
const QUESTIONS = [
  { id: 'rude', kind: 'flaw' as const, weight: 0.3, text: { en: 'Is it rude?', ja: '失礼ですか。' } },
  { id: 'clear', kind: 'scale' as const, steps: 5, weight: 0.5, text: { en: 'How clear is it?', ja: 'わかりやすさ' } },
  {
    ...{ id: 'length', kind: 'choice' as const, weight: 0.5, text: { en: 'How long is it?', ja: '長さ' } },
    options: [
      { id: 'short', text: { en: 'Too short', ja: '短い' }, quality: 0 },
      { id: 'right', text: { en: 'Right', ja: 'ちょうどよい' }, quality: 1 },
    ],
  },
];
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
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let database: Client;
  /** Another rater, who works through the API. */
  let other: ReturnType<typeof createApi>;
  let raterId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-rate-'));
    await writeTinyLlama(folder, { seed: 3, alwaysSay: 'Nap? Quiet.' });
    product = await openProduct({ model: folder });
    database = new Client({ connectionString: product.databaseUrl });
    await database.connect();
    browser = await openBrowser();
    const mine = await makeRater('rater@example.org');
    raterId = mine.id;
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addCookies(cookiesOf(mine.cookie));
    page = await context.newPage();
    await prepareTasks();
  });
  afterAll(async () => {
    await database?.end();
    await browser?.close();
    await product?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const cookiesOf = (header: string) =>
    header.split('; ').map((pair) => {
      const [name, ...value] = pair.split('=');
      return { name: name!, value: value.join('='), url: product.url };
    });

  /** The role comes from the admin, as on the People page. */
  async function makeRater(email: string) {
    const cookie = await signUp(product.url, email);
    const { items } = await product.admin.user.list.query({ query: email });
    await product.admin.user.setRole.mutate({ id: items[0]!.id, role: 'rater' });
    return { id: items[0]!.id, cookie };
  }

  /** Two disagreements, two texts to review and eighteen other tasks, in an order that mixes the kinds. */
  async function prepareTasks() {
    const { ratingAdmin, admin } = product.admin;
    const upload = async (name: string, count: number, answers: number) => {
      const lines = Array.from({ length: count }, (_, at) => ({
        prompt: `${name} question ${at}`,
        answers: [`First ${at}.`, `Second, **longer** ${at}.`, `Third ${at}.`].slice(0, answers),
      }));
      const content = lines.map((line) => JSON.stringify(line)).join('\n');
      return (await ratingAdmin.uploadPrompts.mutate({ name, format: 'jsonl', content })).id;
    };
    const second = await makeRater('second@example.org');
    const third = await makeRater('third@example.org');
    other = createApi(product.url, second.cookie);
    const make = (
      kind: Kind & ('compare' | 'rate' | 'rank' | 'questionnaire' | 'write' | 'correct'),
      promptSetId: string,
      count: number,
    ) => ratingAdmin.createTasks.mutate({ kind, promptSetId, count, questionnaireId });
    const text = {
      en: '## How to judge\n\nA **true** answer beats a long one.',
      ja: '## 評価のしかた\n\n**正しさ**を優先します。',
    };
    await ratingAdmin.writeGuideline.mutate(text);
    const { id: questionnaireId } = await ratingAdmin.writeQuestionnaire.mutate({
      ...{ name: 'manners', isForChat: false, questions: QUESTIONS },
    });

    await admin.setSettings.mutate({ rating: { ...SHARES, overlapShare: 1 } });
    const disputed = await upload('Disputed', 2, 2);
    await make('compare', disputed, 2);
    for (const [api, word] of [
      [other, 'First'],
      [createApi(product.url, third.cookie), 'Second'],
    ] as const)
      for (let at = 0; at < 2; at++) {
        const task = (await api.rating.claim.mutate({}))!;
        const choice = task.completions[0]!.startsWith(word) ? 'left' : 'right';
        await api.rating.answer.mutate({
          ...{ assignmentId: task.assignmentId, answer: { kind: 'compare', value: { choice } } },
        });
      }
    await admin.setSettings.mutate({ rating: SHARES });
    await make('write', disputed, 2);
    for (let at = 0; at < 2; at++) {
      const { assignmentId } = (await other.rating.claim.mutate({}))!;
      await other.rating.answer.mutate({ assignmentId, answer: { kind: 'write', value: { text: `Written ${at}.` } } });
    }
    await ratingAdmin.setStanding.mutate({ userId: raterId, standing: 'trusted', reason: 'settles disagreements' });
    const plain = await upload('Plain', 4, 3);
    for (const [kind, count] of [
      ['compare', 3],
      ['rate', 4],
      ['rank', 3],
      ['questionnaire', 4],
      ['write', 2],
      ['correct', 2],
    ] as const)
      await make(kind, plain, count);
    const { rows } = await database.query<{ id: string }>(
      'select id from rating_task where closed_at is null order by kind, id',
    );
    expect(rows).toHaveLength(22);
    // Coprime to the number of tasks, so neighbours come from different kinds.
    for (const [at, { id }] of rows.entries())
      await database.query('update rating_task set priority = $1 where id = $2', [(at * 7) % 22, id]);
  }

  const faultsOf = async (on: Page) => {
    await on.evaluate(axe);
    return on.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof import('axe-core') }).axe.run();
      return violations.map(({ id, nodes }) => `${location.pathname} ${id}: ${nodes[0]?.html}`);
    });
  };
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

  it('has no barrier on any page of the admin, or on what people see of their own', async () => {
    const office = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await office.addCookies(cookiesOf(await signInByLink((await product.adminLink())!)));
    const desk = await office.newPage();
    const pages = ['', '/guideline', '/questionnaires', '/disagreements', '/raters'].map(
      (part) => `/admin/rating${part}`,
    );
    for (const path of [...pages, '/feedback', '/changes', '/settings']) {
      await desk.goto(product.url + path);
      await desk.locator('main').waitFor();
      await expect.poll(() => desk.locator('.animate-breathe').count()).toBe(0);
      expect(await faultsOf(desk)).toEqual([]);
    }
    await desk.goto(`${product.url}/admin/rating/questionnaires`);
    await desk.getByRole('button', { name: 'Edit manners' }).click();
    await desk.getByText('How clear is it?').waitFor();
    expect(await faultsOf(desk)).toEqual([]);
    await office.close();
  });

  it('takes a file of prompts in the page, or refuses it as a whole with every wrong line', async () => {
    const office = await browser.newContext();
    await office.addCookies(cookiesOf(await signInByLink((await product.adminLink())!)));
    const desk = await office.newPage();
    await desk.goto(`${product.url}/admin/rating`);
    const upload = async (name: string, content: string | Buffer) => {
      await writeFile(join(folder, name), content);
      await desk.getByRole('textbox', { name: 'Name of the set' }).fill(name);
      await desk.getByLabel('File (.jsonl or .txt)').setInputFiles(join(folder, name));
      await desk.getByRole('button', { name: 'Upload', exact: true }).click();
    };
    await upload('bad.jsonl', '{"prompt":"a"}\nnonsense\n{"prompt":""}\n{"prompt":"b","truth":{"rating":3}}\n');
    const alert = desk.getByRole('alert').filter({ hasText: 'Line 2: this is not JSON.' });
    await alert.waitFor();
    for (const line of ['Line 3: ', 'Line 4: ', 'Nothing was uploaded.'])
      expect(await alert.textContent()).toContain(line);
    await upload('latin.txt', Buffer.from([0x63, 0x61, 0x66, 0xe9]));
    await desk.getByText(/^This file is not in UTF-8/).waitFor();
    await upload('good.txt', 'One\n\nTwo\n');
    await desk.getByText('Uploaded.', { exact: true }).waitFor();
    const names = (await product.admin.ratingAdmin.promptSets.query()).map(({ name, prompts }) => [name, prompts]);
    expect(names).toContainEqual(['good.txt', 2]);
    expect(names.map(([name]) => name)).not.toContain('bad.jsonl');
    await office.close();
  });
});
