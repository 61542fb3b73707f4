// Starts what the browser tests need: a whole product in a temporary folder, and a real Chromium.
import { accessSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createApi, signInByLink } from '@/bench/simulate/client';
import { type Product, startProduct } from '@/product/bring-up';
import { env } from '@/product/env';
import { writeTinyLlama } from '@/test/tiny-llama';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const isThere = (path: string) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
};

export const chromiumPath = CHROMIUM.find(isThere);
/** The real base, if the set-up found one. */
export const realModel = env.ATTUNE_MODEL && isThere(env.ATTUNE_MODEL) ? env.ATTUNE_MODEL : undefined;
if (!chromiumPath) console.warn(`Browser tests are skipped: no Chromium at ${CHROMIUM.join(', ')}.`);
if (!realModel) console.warn('Tests with the real base are skipped: ATTUNE_MODEL names no file here.');

export interface TestProduct extends Product {
  folder: string;
  log: string[];
  admin: ReturnType<typeof createApi>;
  close(): Promise<void>;
}

/** Starts the product as `npm start` does, in a temporary folder; `close` ends it and removes the folder. */
export async function openProduct(options: { model: string; trainer?: 'native' | 'none' }): Promise<TestProduct> {
  const folder = await mkdtemp(join(tmpdir(), 'attune-e2e-'));
  await chmod(folder, 0o755); // when run as root, Postgres runs as another user, who must be able to enter
  const log: string[] = [];
  const product = await startProduct({
    dataFolder: join(folder, 'data'),
    sharedFolder: env.dataFolder,
    port: 0,
    model: options.model,
    trainer: options.trainer ?? 'none',
    threads: env.ATTUNE_ENGINE_THREADS,
    write: (line) => log.push(line),
  }).catch(async (error: unknown) => {
    console.error(log.join('\n'));
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    ...product,
    folder,
    log,
    admin: createApi(product.url, await signInByLink((await product.adminLink())!)),
    async close() {
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The product over a model of random weights, which answers at once. */
export async function openTinyProduct(): Promise<TestProduct> {
  const model = await mkdtemp(join(tmpdir(), 'attune-tiny-'));
  await writeTinyLlama(model, { seed: 3 });
  const product = await openProduct({ model });
  return {
    ...product,
    async close() {
      await product.close();
      await rm(model, { recursive: true, force: true });
    },
  };
}

/** A page in which the first administrator is signed in. */
export async function openDesk(browser: Browser, product: TestProduct): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  await page.goto((await product.adminLink())!);
  return page;
}

export async function openBrowser(extra: string[] = []): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    ...extra,
  ];
  return chromium.launch({ executablePath: chromiumPath, args });
}

/** The folder for the screenshots of a test run. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, '../../test-results');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Answers the question about training that comes before a first message. */
export async function chooseConsent(page: Page, allowTraining = true): Promise<void> {
  const answer = page.getByRole('button', {
    name: allowTraining ? 'Yes, they may train it' : 'No, keep them out of training',
  });
  const line = page.getByRole('switch', { name: /train/ });
  await answer.or(line).first().waitFor();
  if (await answer.isVisible()) await answer.click();
  await line.waitFor();
}

/** Writes a message and sends it by Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await chooseConsent(page);
  const input = page.getByRole('textbox', { name: 'Your message' });
  await input.fill(text);
  await input.press('Enter');
}

/** Resolves when no answer on the page is still running. */
export async function untilAnswered(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: 'Stop the answer' })
    .waitFor({ state: 'visible', timeout: 20_000 })
    .catch(() => {});
  await page.getByRole('button', { name: 'Stop the answer' }).waitFor({ state: 'hidden', timeout: 120_000 });
}
