// A product with the tiny model, a rater, and tasks of every kind that wait for their answers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { source as axe } from 'axe-core';
import { Client } from 'pg';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { createApi, signUp } from '@/bench/simulate/client';
import { writeTinyLlama } from '@/test/tiny-llama';
import { openBrowser, openProduct, type TestProduct } from './support';

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
export interface RatingWorld {
  folder: string;
  product: TestProduct;
  browser: Browser;
  database: Client;
  raterId: string;
  raterCookie: string;
  /** Another rater, who works through the API. */
  other: ReturnType<typeof createApi>;
  /** The cookies of a header, as a browser context takes them. */
  cookiesOf(header: string): { name: string; value: string; url: string }[];
  close(): Promise<void>;
}

export async function openRatingWorld(): Promise<RatingWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'attune-rate-'));
  const closers = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closers.reverse()) await end();
  };
  try {
    await writeTinyLlama(folder, { seed: 3, alwaysSay: 'Nap? Quiet.' });
    const product = await openProduct({ model: folder });
    closers.push(() => product.close());
    const browser = await openBrowser();
    closers.push(() => browser.close());
    const database = new Client({ connectionString: product.databaseUrl });
    await database.connect();
    closers.push(() => database.end());
    const mine = await makeRater(product, 'rater@example.org');
    const other = await prepareTasks(product, database, mine.id);
    const cookiesOf = (header: string) =>
      header.split('; ').map((pair) => {
        const [name, ...value] = pair.split('=');
        return { name: name!, value: value.join('='), url: product.url };
      });
    return { folder, product, browser, database, raterId: mine.id, raterCookie: mine.cookie, other, cookiesOf, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The role comes from the admin, as on the People page. */
async function makeRater(product: TestProduct, email: string) {
  const cookie = await signUp(product.url, email);
  const { items } = await product.admin.user.list.query({ query: email });
  await product.admin.user.setRole.mutate({ id: items[0]!.id, role: 'rater' });
  return { id: items[0]!.id, cookie };
}

/** Two disagreements, two texts to review and eighteen other tasks, in an order that mixes the kinds. */
async function prepareTasks(product: TestProduct, database: Client, raterId: string) {
  const { ratingAdmin, admin } = product.admin;
  const upload = async (name: string, count: number, answers: number) => {
    const lines = Array.from({ length: count }, (_, at) => ({
      prompt: `${name} question ${at}`,
      answers: [`First ${at}.`, `Second, **longer** ${at}.`, `Third ${at}.`].slice(0, answers),
    }));
    const content = lines.map((line) => JSON.stringify(line)).join('\n');
    return (await ratingAdmin.uploadPrompts.mutate({ name, format: 'jsonl', content })).id;
  };
  const second = await makeRater(product, 'second@example.org');
  const third = await makeRater(product, 'third@example.org');
  const other = createApi(product.url, second.cookie);
  const make = (
    kind: 'compare' | 'rate' | 'rank' | 'questionnaire' | 'write' | 'correct',
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
  return other;
}

/** What axe finds wrong with a page, by path and rule. */
export async function faultsOf(on: Page): Promise<string[]> {
  await on.evaluate(axe);
  return on.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof import('axe-core') }).axe.run();
    return violations.map(({ id, nodes }) => `${location.pathname} ${id}: ${nodes[0]?.html}`);
  });
}
