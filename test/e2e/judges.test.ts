// The pages of the principles and of judges, as an administrator uses them: by keyboard, in both languages, on a phone.
import { describe, expect, it } from 'vitest';
import { expectToFitPhone, faultsOf } from './barriers';
import { openCrowdDesk, page, product } from './crowd-desk';
import { chromiumPath, screenshot } from './support';

describe.runIf(chromiumPath)('judges', () => {
  openCrowdDesk();

  it('principles are written in a form by keyboard, and an old version comes back as a new one', async () => {
    await page.goto(`${product.url}/admin/judges`);
    await page.getByRole('link', { name: 'Write the principles' }).press('Enter');
    await page.getByRole('heading', { name: 'Principles to begin with, not yet in force' }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save as a new version' }).press('Enter');
    await page.getByRole('heading', { name: 'Principles in force (version 1)' }).waitFor();
    await page.getByRole('button', { name: 'Add a principle' }).press('Enter');
    const own = page.getByRole('group', { name: 'Principle 4' });
    await own.getByLabel('Id').fill('brief');
    await own.getByLabel('What the judge reads').fill('The answer is short.');
    await own.getByRole('switch', { name: 'criticise and revise' }).press('Space');
    await page.getByRole('button', { name: 'Save as a new version' }).press('Enter');
    await page.getByRole('heading', { name: 'Principles in force (version 2)' }).waitFor();
    await screenshot(page, 'constitution');
    await page.getByRole('button', { name: 'Put in force again: version 1' }).press('Enter');
    await page.getByRole('heading', { name: 'Principles in force (version 3)' }).waitFor();
    await page.getByText('the same as version 1').waitFor();
    expect(await page.getByRole('group', { name: 'Principle 4' }).count()).toBe(0);
    expect(await faultsOf(page)).toEqual([]);
  });

  it('the base is added and measured; its figures stand beside their limits, and keep a random model out', async () => {
    await page.goto(`${product.url}/admin/judges`);
    await page.getByRole('button', { name: 'Add a judge' }).press('Enter');
    await page.getByLabel('Name').fill('Home judge');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    const card = page.getByRole('region', { name: 'Home judge' });
    await card.getByText('Not measured yet').waitFor();
    expect(await card.getByRole('button', { name: 'Start labelling with Home judge' }).isDisabled()).toBe(true);
    await card.getByText('Labelling can start once it has been measured.').waitFor();
    await card.getByRole('button', { name: 'Measure Home judge' }).press('Enter');
    await card.getByRole('table', { name: 'Figures of Home judge' }).waitFor({ timeout: 120_000 });
    await card
      .getByRole('row', { name: /Agreement with people/ })
      .getByText('keeps it out')
      .waitFor();
    expect(await card.getByRole('button', { name: 'Start labelling with Home judge' }).isDisabled()).toBe(true);
    await card.getByText('the figures marked above are outside their limits').waitFor();
    await card.getByText('Only comparisons are measured.').first().waitFor();
    await screenshot(page, 'judges');
    expect(await faultsOf(page)).toEqual([]);
  });

  it('an endpoint’s address inside the network is refused with its reason, and a stored key is not shown', async () => {
    await page.getByRole('button', { name: 'Add a judge' }).press('Enter');
    await page.getByLabel('Name').fill('Outside');
    await page.getByLabel('Model', { exact: true }).selectOption('endpoint');
    expect(await faultsOf(page)).toEqual([]);
    await page.getByLabel('Address').fill('https://127.0.0.1:11434/v1');
    await page.getByLabel('Name of the model').fill('judge-1');
    await page.getByLabel('API key').fill('sk-secret-of-the-test');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    await page.getByText(/not a public address/).waitFor();
    await page.getByLabel('Address').fill('https://api.example.com/v1');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    const card = page.getByRole('region', { name: 'Outside' });
    await card.getByText('judge-1 at https://api.example.com/v1').waitFor();
    await card.getByRole('button', { name: 'Change Outside' }).press('Enter');
    await card.getByText('Leave empty to keep the stored key').waitFor();
    expect(await page.content()).not.toContain('sk-secret-of-the-test');
    expect(await faultsOf(page)).toEqual([]);
    await card.getByRole('button', { name: 'Retire', exact: true }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Retire' }).press('Enter');
    await card.waitFor({ state: 'detached' });
  });

  it('both pages fit a phone, in the dark and in Japanese, without scrolling sideways', async () => {
    await expectToFitPhone(page, product.url, [
      ['judges', '人との一致'],
      ['constitution', '現在の原則（バージョン3）'],
    ]);
  });
});
