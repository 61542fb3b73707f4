// The rollout page as an administrator uses it: what a canary waits for, what is watched, and the brakes, by keyboard.
import { describe, expect, it } from 'vitest';
import { CanarySettings } from '@/core/rollout/canary';
import { ExperimentPlan } from '@/core/rollout/experiment';
import { getDatabase } from '@/db/client';
import { canary, experiment } from '@/db/schema';
import { writeExperimentVotes } from '@/test/experiment-votes';
import { expectToFitPhone, faultsOf } from './barriers';
import { browser, openCrowdDesk, page, product } from './crowd-desk';
import { chromiumPath, openDesk, screenshot } from './support';

describe.runIf(chromiumPath)('the rollout page', () => {
  openCrowdDesk();

  it('says why a version cannot be sent on its way, and keeps the form', async () => {
    await page.goto(`${product.url}/admin/rollout`);
    await page.getByText('No canary has ended yet.').waitFor();
    await page.getByLabel('Candidate').selectOption('v1');
    await page.getByLabel('Fewest answers of a step').fill('7');
    await page.getByRole('button', { name: 'Start a canary' }).press('Enter');
    await page.locator('form').getByRole('alert').waitFor();
    expect(await page.getByLabel('Fewest answers of a step').inputValue()).toBe('7');
    expect(await faultsOf(page)).toEqual([]);
    await screenshot(page, 'rollout-start');
  });

  it('shows how far a canary is and what it waits for, and obeys with a reason', async () => {
    const db = getDatabase(product.databaseUrl);
    const versions = { championVersionId: 'base', candidateVersionId: 'v1' };
    const [opened] = await db
      .insert(experiment)
      .values({ ...versions, name: 'v1', salt: 's', share: 0.05 })
      .returning();
    await db
      .insert(canary)
      .values({ ...versions, experimentId: opened!.id, phase: 'share_5', settings: CanarySettings.parse({}) });
    await page.reload();
    const card = page.getByRole('region', { name: 'Canary: v1' });
    await card.getByText('It waits until the step has lasted long enough.').waitFor();
    await card.getByText('0 of 30 minutes').waitFor();
    await card.getByText('0 of 50', { exact: true }).waitFor();
    await card.getByText('0 of about 332').waitFor();
    expect(await card.locator('[aria-current=step]').textContent()).toContain('5%');
    await card.getByRole('row', { name: /Comparisons won/ }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await screenshot(page, 'rollout');

    const act = async (name: string, reason: string) => {
      await card.getByRole('button', { name }).press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Reason').fill(reason);
      if (name === 'Pause') expect(await faultsOf(page)).toEqual([]);
      await dialog.getByRole('button', { name }).press('Enter');
    };
    await act('Pause', 'Reading its answers');
    await card.getByText('A person decided: Reading its answers').waitFor();
    await act('Go on', 'They are fine');
    await act('Give it to 10% now', 'No harm so far');
    await card.locator('[aria-current=step]', { hasText: '10%' }).waitFor();
    await act('Take back', 'It is too curt');
    await page.getByRole('row', { name: /v1 Taken back A person decided: It is too curt/ }).waitFor();
    await page.getByRole('button', { name: 'Start a canary' }).waitFor();
    await page.goto(`${product.url}/admin/audit`);
    await page.getByText('Took a canary back').first().waitFor();
    await page.getByText('It is too curt').first().waitFor();
  });

  it('fits a phone, in the dark and in Japanese', async () => {
    const phone = await openDesk(browser, product);
    await expectToFitPhone(phone, product.url, [['rollout', '終了したもの']]);
  });
});

describe.runIf(chromiumPath)('the page of experiments', () => {
  openCrowdDesk();

  it('says before the start how many people it takes, and starts an experiment on settings', async () => {
    await page.goto(`${product.url}/admin/experiments`);
    const form = page.locator('form').first();
    await form.getByText(/About [\d,]+ people must vote/).waitFor();
    const needed = () => form.getByText(/About [\d,]+ people must vote/).textContent();
    const before = await needed();
    await form.getByLabel('Smallest difference that matters (points)').fill('10');
    await expect.poll(needed).not.toBe(before);
    await form.getByLabel('Name').fill('Cooler answers');
    await form.getByLabel('What differs').selectOption('settings');
    await form.getByLabel('Temperature').fill('0.2');
    expect(await faultsOf(page)).toEqual([]);
    await screenshot(page, 'experiment-start');
    await form.getByRole('button', { name: 'Start an experiment' }).press('Enter');
    const card = page.getByRole('region', { name: 'Cooler answers' });
    await card.getByText('Not decided yet.').waitFor();
    await card.getByText('temperature = 0.2').waitFor();
    await form.getByLabel('Name').fill('The same again');
    await form.getByRole('button', { name: 'Start an experiment' }).press('Enter');
    await form.getByRole('alert').getByText('Cooler answers').waitFor();
  });

  it('says what was found and on what it rests, with the difference over time', async () => {
    const db = getDatabase(product.databaseUrl);
    const plan = ExperimentPlan.parse({ smallestEffect: 0.1 });
    const needed = { people: 1200, readOnce: 785 };
    const [opened] = await db
      .insert(experiment)
      .values({
        championVersionId: 'base',
        candidateVersionId: 'v1',
        name: 'v1 for all',
        salt: 's',
        share: 0.5,
        plan,
        needed,
      })
      .returning();
    await writeExperimentVotes(db, opened!.id, 400, { champion: 0.4, candidate: 0.75 });
    await page.reload();
    const card = page.getByRole('region', { name: 'v1 for all' });
    await card.getByText('The candidate is better.').waitFor();
    await card.getByText(/This rests on 4\d\d people who voted|This rests on 400 people who voted/).waitFor();
    await card.getByText('The difference over time').waitFor();
    await card.locator('summary', { hasText: 'From other sides' }).click();
    await card.getByText('Thumbs up if everybody had the candidate').first().waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await screenshot(page, 'experiment-found');
  });

  it('fits a phone, in the dark and in Japanese', async () => {
    const phone = await openDesk(browser, product);
    await expectToFitPhone(phone, product.url, [['experiments', '候補のほうが優れています。']]);
  });
});
