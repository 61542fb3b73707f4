// Part `scale`: every page of a product with ten million answers and a million votes, in a browser, and its slowest queries.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { dataPaths } from '@/core/paths';
import { closeDatabase, getDatabase } from '@/db/client';
import { canary, experiment, version } from '@/db/schema';
import { type Product, startProduct } from '@/product/bring-up';
import { env } from '@/product/env';
import { writeTinyLlama } from '@/test/tiny-llama';
import { type Amounts, fillDatabase } from './fill';
import { countStatements, type SlowQuery, takeSlowQueries } from './slow-queries';

const WHOLE: Amounts = { people: 100_000, conversations: 1_000_000, generations: 10_000_000, feedback: 1_000_000 };
const CHROMIUM = '/usr/bin/chromium';
/** Statements above this stand in the result. */
const SLOW_MS = 100;
/** Every page is opened cold once and then this often; the slowest opening counts. */
const OPENINGS = 2;
/** What a page still asks for after its first content, and the reviews of the canary. */
const SETTLE_MS = 4000;

const PAGES = [
  ...['/', '/feedback', '/settings', '/changes', '/docs', '/rate'],
  ...['/admin', '/admin/versions', '/admin/leaderboard', '/admin/groups', '/admin/runs', '/admin/rollout'],
  ...['/admin/experiments', '/admin/feedback', '/admin/rules', '/admin/judges', '/admin/constitution', '/admin/users'],
  ...['/admin/settings', '/admin/audit'],
  ...['', '/raters', '/agreement', '/disagreements', '/guideline', '/questionnaires'].map((at) => `/admin/rating${at}`),
];

/** `share` of the whole amounts. */
export async function measureScale(share: number): Promise<object> {
  const amounts: Amounts = {
    people: Math.ceil(share * WHOLE.people),
    conversations: Math.ceil(share * WHOLE.conversations),
    generations: Math.ceil(share * WHOLE.generations),
    feedback: Math.ceil(share * WHOLE.feedback),
  };
  const folder = await mkdtemp(join(tmpdir(), 'attune-scale-'));
  await chmod(folder, 0o755); // when run as root, Postgres runs as another user, who must be able to enter
  const model = join(folder, 'model');
  await writeTinyLlama(model, { seed: 3 });
  const dataFolder = join(folder, 'data');
  const start = () =>
    startProduct({
      ...{ dataFolder, sharedFolder: env.dataFolder, port: 0, model, trainer: 'none', threads: 1 },
      write: () => {},
    });
  let product = await start();
  try {
    await plantCanary(product.databaseUrl);
    await fillDatabase(product.databaseUrl, amounts, (step) => console.log(`  ${step}`));
    await product.stop();
    await closeDatabase(product.databaseUrl);
    await countStatements(dataPaths(dataFolder).postgres);
    product = await start();
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      const pages = await openPages(browser, product);
      const slowest = Math.max(...pages.flatMap(({ queries }) => queries.map(({ ms }) => ms)), 0);
      return {
        slowestFirstContentMs: Math.max(...pages.map(({ contentMs }) => contentMs)),
        slowestQueryMs: slowest,
        scale: { ...amounts, slowMs: SLOW_MS, pages },
      };
    } finally {
      await browser.close();
    }
  } finally {
    await product.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A candidate with a tenth of the people, in a step that lasts, so that its reviews read everything. */
async function plantCanary(databaseUrl: string): Promise<void> {
  const db = getDatabase(databaseUrl);
  const candidateVersionId = 'scale-candidate';
  const [base] = await db.select().from(version);
  await db.insert(version).values({ ...base!, id: candidateVersionId, parentId: base!.id });
  const versions = { candidateVersionId, championVersionId: base!.id };
  const [row] = await db
    .insert(experiment)
    .values({ ...versions, name: candidateVersionId, salt: 'scale', share: 0.1 })
    .returning();
  const settings = { minutesPerStep: 10_080, answersPerStep: 1_000_000, margin: 0.1, mostDays: 90 };
  await db.insert(canary).values({ ...versions, experimentId: row!.id, phase: 'share_10', settings });
}

interface PageFigures {
  page: string;
  /** From the request to the page's own content: its skeletons are gone. */
  contentMs: number;
  queries: SlowQuery[];
}

async function openPages(browser: Browser, { url, databaseUrl, adminLink }: Product): Promise<PageFigures[]> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  await page.goto(await adminLink());
  const db = getDatabase(databaseUrl);
  await takeSlowQueries(db, SLOW_MS);
  const figures: PageFigures[] = [];
  for (const path of PAGES) {
    let contentMs = 0;
    for (let opening = 0; opening < OPENINGS; opening++) contentMs = Math.max(contentMs, await open(page, url + path));
    await page.waitForTimeout(SETTLE_MS);
    const own = { page: path, contentMs: Math.round(contentMs), queries: await takeSlowQueries(db, SLOW_MS) };
    console.log(
      `  ${path.padEnd(28)} ${own.contentMs} ms, slow queries: ${own.queries.map(({ ms }) => ms).join(', ')}`,
    );
    figures.push(own);
  }
  return figures;
}

async function open(page: Page, address: string): Promise<number> {
  const startedAt = performance.now();
  await page.goto(address, { waitUntil: 'commit' });
  await page.waitForFunction(
    () => document.querySelector('main h1, main h2, main p') && !document.querySelector('main .animate-breathe'),
    undefined,
    { polling: 20, timeout: 120_000 },
  );
  return performance.now() - startedAt;
}
