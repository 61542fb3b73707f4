// The cockpit, its figures for everyone, webhooks and the filtered audit log, as an administrator uses them.
import { describe, expect, it } from 'vitest';
import { getDatabase } from '@/db/client';
import { trainingRun } from '@/db/schema';
import { expectToFitPhone, faultsOf } from './barriers';
import { browser, openCrowdDesk, page, product } from './crowd-desk';
import { chromiumPath, openDesk, screenshot } from './support';

describe.runIf(chromiumPath)('the cockpit', () => {
  openCrowdDesk();

  it('is painted by the server, shows the loop as a list in order, and follows what happens', async () => {
    const painted = await (await page.request.get(`${product.url}/admin`)).text();
    expect(painted).toContain('Nothing has been trained yet.');
    await page.goto(`${product.url}/admin`);
    const stations = page.getByRole('list', { name: 'The loop' }).getByRole('heading');
    expect(await stations.allTextContents()).toEqual([
      ...['Votes', 'Snapshot', 'Training run', 'Gates', 'Canary', 'Champion'],
    ]);
    await page.getByText('No figure yet').first().waitFor();
    await page.getByText('Worked this week').waitFor();
    await screenshot(page, 'cockpit');
    expect(await faultsOf(page)).toEqual([]);
    const db = getDatabase(product.databaseUrl);
    const [run] = await db
      .insert(trainingRun)
      .values({ trigger: 'button', config: {}, parentVersionId: 'base' })
      .returning();
    const station = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Training run' }) });
    await station.getByText('A run is queued, but no trainer is running.').waitFor();
    await station.getByRole('link', { name: /Open/ }).click();
    await page.waitForURL(`${product.url}/admin/runs/${run!.id}`);
    await product.admin.admin.cancelRun.mutate({ id: run!.id });
  });

  it('makes the figures public by choice', async () => {
    const guest = await (await browser.newContext()).newPage();
    expect((await guest.goto(`${product.url}/figures`))!.status()).toBe(404);
    await page.goto(`${product.url}/admin`);
    await page.getByRole('switch', { name: 'Public' }).click();
    await page.getByRole('link', { name: 'Public page' }).waitFor();
    await guest.goto(`${product.url}/figures`);
    await guest.getByRole('heading', { name: 'Five figures of the loop' }).waitFor();
    expect(await faultsOf(guest)).toEqual([]);
    await screenshot(guest, 'figures');
  });

  it('refuses a webhook to an address inside the network, and shows the secret of another once', async () => {
    await page.goto(`${product.url}/admin/webhooks`);
    await page.getByRole('textbox', { name: 'Address' }).fill('https://127.0.0.1/hook');
    await page.getByRole('button', { name: 'Add a webhook' }).click();
    await page.getByText('127.0.0.1 is not a public address').waitFor();
    await page.getByRole('textbox', { name: 'Address' }).fill('https://hooks.example.org/attune');
    await page.getByRole('button', { name: 'Add a webhook' }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByRole('cell', { name: 'Test', exact: true }).waitFor();
    await screenshot(page, 'webhooks');
    expect(await faultsOf(page)).toEqual([]);
    await page.reload();
    await page.getByRole('button', { name: 'Remove' }).waitFor();
    expect(await page.getByText(/^whsec_/).count()).toBe(0);
  });

  it('narrows the audit log to an area and to a person', async () => {
    await page.goto(`${product.url}/admin/audit?area=webhook`);
    await page.getByText('Added a webhook').waitFor();
    expect(await page.getByText('Changed settings').count()).toBe(0);
    await page.getByRole('switch', { name: 'Attune itself' }).click();
    await page.getByText('No entry fits.').waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });

  it('fits a phone, in the dark and in Japanese', async () => {
    const phone = await openDesk(browser, product);
    await expectToFitPhone(phone, product.url, [
      ['', '今週働いた人'],
      ['webhooks', '最近の送信'],
      ['audit', 'Webhookを追加'],
    ]);
  });
});
