// A product with the votes of a crowd, and an administrator's page, for the browser tests of one `describe`.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { closeDatabase, getDatabase } from '@/db/client';
import { writeCrowd } from '@/test/crowd-votes';
import { openBrowser, openDesk, openTinyProduct, type TestProduct } from './support';

export let product: TestProduct;
export let browser: Browser;
export let page: Page;

export function openCrowdDesk(): void {
  beforeAll(async () => {
    product = await openTinyProduct();
    await writeCrowd(getDatabase(product.databaseUrl));
    browser = await openBrowser();
    page = await openDesk(browser, product);
  });
  afterAll(async () => {
    await browser?.close();
    if (product) await closeDatabase(product.databaseUrl);
    await product?.close();
  });
}
