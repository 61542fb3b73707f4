// The pages on which an admin directs the rating: every one without a barrier, and prompts taken from a file.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signInByLink } from '@/bench/simulate/client';
import { faultsOf, openRatingWorld, type RatingWorld } from './rating-world';
import { chromiumPath, type TestProduct } from './support';

describe.runIf(chromiumPath)('the workplace', () => {
  let world: RatingWorld;
  let folder: string;
  let product: TestProduct;
  let browser: Browser;
  let cookiesOf: RatingWorld['cookiesOf'];

  beforeAll(async () => {
    world = await openRatingWorld();
    ({ folder, product, browser, cookiesOf } = world);
  });
  afterAll(() => world?.close());

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
