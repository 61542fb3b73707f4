// What administrators are told before they act, and how a search follows their typing.
import { describe, expect, it } from 'vitest';
import { getDatabase } from '@/db/client';
import { experiment, release } from '@/db/schema';
import { addPastRun } from '@/test/past-run';
import { addThumbs } from '@/test/prompts';
import { expectToFitPhone, faultsOf } from './barriers';
import { openCrowdDesk, page, product } from './crowd-desk';
import { chromiumPath, screenshot } from './support';

describe.runIf(chromiumPath)('an administrator', () => {
  openCrowdDesk();

  it('is told that a promotion ends the running experiment, by name, and of none if none runs', async () => {
    const db = getDatabase(product.databaseUrl);
    const textOfDialog = async () => {
      await page.goto(`${product.url}/admin/versions`);
      await page.getByRole('button', { name: 'Promote' }).first().click();
      return page.getByRole('dialog').or(page.getByRole('alertdialog')).first().textContent();
    };
    expect(await textOfDialog()).not.toContain('experiment');
    const about = {
      name: 'Shorter answers',
      salt: 's',
      championVersionId: 'base',
      candidateVersionId: 'v1',
      share: 0.5,
    };
    await db.insert(experiment).values(about);
    await page.goto(`${product.url}/admin/experiments`);
    await page.getByText('Shorter answers').first().waitFor();
    await expect.poll(textOfDialog).toContain('The running experiment “Shorter answers” will end.');
  });

  it('takes back a champion that turned out bad, with a reason that the audit log shows', async () => {
    const db = getDatabase(product.databaseUrl);
    await db.insert(release).values({ versionId: 'v1', previousVersionId: 'base', action: 'promote' });
    await page.goto(`${product.url}/admin/versions`);
    await page.getByRole('button', { name: 'Roll back' }).click();
    const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog')).first();
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await dialog
      .getByText(/reason/)
      .last()
      .waitFor(); // it is refused without one
    await dialog.getByLabel('Reason').fill('It flatters everyone');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.goto(`${product.url}/admin/audit`);
    await page.getByText('It flatters everyone').first().waitFor();
  });

  it('types into the search of feedback without losing a key, and asks once', async () => {
    await page.clock.install();
    await page.goto(`${product.url}/admin/feedback`);
    await page.getByRole('listitem').first().waitFor();
    const asked: string[] = [];
    page.on('request', (request) => {
      const url = decodeURIComponent(request.url());
      if (url.includes('admin.feedback') && url.includes('"text"')) asked.push(url);
    });
    const field = page.getByRole('searchbox').first();
    // The page's time stands while someone types, so that a slow machine is no pause.
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
    await field.pressSequentially('nothing like this');
    expect(await field.inputValue()).toBe('nothing like this');
    expect(asked).toEqual([]);
    await page.clock.resume();
    await page.getByText('No feedback matches.').waitFor();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('nothing like this');
  });

  it('reads in the audit log what was done to what, in words and with links, on a phone by scrolling beside a shadow', async () => {
    await product.admin.admin.setSettings.mutate({ comparisonShare: 0.25 });
    const { rules } = await product.admin.rule.list.query();
    const { version, ...rule } = rules.find(({ id }) => id === 'profanity')!.rule!;
    await product.admin.rule.save.mutate({ rule: { ...rule, name: 'Swearing' }, expectedVersion: version });
    await page.goto(`${product.url}/admin/audit`);
    const row = (name: RegExp) => page.getByRole('row', { name }).first();
    await row(/Changed settings/)
      .getByText('Share of messages that get two answers: 0.1 → 0.25')
      .waitFor();
    await row(/Changed a content rule/)
      .getByText('Changed: Name')
      .waitFor();
    await screenshot(page, 'audit');
    await page.setViewportSize({ width: 390, height: 844 });
    const table = page.getByRole('group', { name: 'Audit log' });
    expect(await table.evaluate((it) => it.scrollWidth > it.clientWidth)).toBe(true);
    expect(await table.evaluate((it) => getComputedStyle(it).backgroundImage)).toMatch(/(linear-gradient.*){4}/);
    await table.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => table.evaluate((it) => it.scrollLeft)).toBeGreaterThan(0);
    await screenshot(page, 'audit-phone');
    expect(await faultsOf(page)).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 900 });
    await row(/Changed a content rule/)
      .getByRole('link', { name: 'Swearing' })
      .click();
    await page.waitForURL('**/admin/rules/profanity');
  });

  it('starts a run from a card by keys, with a setting that is refused beside its field until it is corrected', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${product.url}/admin/runs`);
    await page.getByRole('link', { name: 'Start a training run' }).click();
    const start = page.getByRole('button', { name: 'Start the run' });
    // The crowd's votes are all on one prompt.
    await page.getByText('There is 1 prompt so far: 3 more must be asked').waitFor();
    expect(await start.isDisabled()).toBe(true);
    const thumbs = Array.from({ length: 6 }, (_, i) => ({ up: i % 2 === 0 }));
    await addThumbs(getDatabase(product.databaseUrl), { userId: 'honest 1', thumbs });
    await page.reload();
    await page.getByRole('radio', { name: /Small, on a processor/ }).focus();
    await page.keyboard.press('ArrowLeft');
    expect(await page.getByRole('radio', { name: /Trial/ }).isChecked()).toBe(true);
    await page.getByText('Policy: PPO').press('Enter');
    const clip = page.getByRole('textbox', { name: 'Clip', exact: true });
    await clip.fill('-1');
    await page.getByText('This must be a number, above 0.').waitFor();
    expect(await clip.getAttribute('aria-invalid')).toBe('true');
    await expect.poll(() => start.isDisabled()).toBe(true);
    expect(await faultsOf(page)).toEqual([]);
    await clip.fill('0.3');
    await page.getByRole('button', { name: 'As JSON' }).click();
    expect(JSON.parse(await page.getByRole('textbox', { name: 'The order as JSON' }).inputValue())).toEqual({
      preset: 'tiny',
      ppo: { clip: 0.3 },
    });
    await page.getByRole('button', { name: 'As a form' }).click();
    await expect.poll(() => start.isEnabled()).toBe(true);
    await start.press('Enter');
    await page.getByText('Queued').first().waitFor();
    await page.goto(`${product.url}/admin/runs`);
    await page.getByText('tiny · PPO').waitFor();
    await page.getByText('starts next').waitFor();
  });

  it('reads on a run’s page why it was rejected, what changed, and another run over its curves', async () => {
    const db = getDatabase(product.databaseUrl);
    const { runId } = await addPastRun(db, { minutes: 12, seed: 1 });
    const other = await addPastRun(db, { minutes: 15, seed: 2 });
    await page.goto(`${product.url}/admin/runs/${runId}`);
    await page.getByRole('heading', { name: 'The version was rejected' }).waitFor();
    const failed = page.getByRole('table', { name: 'Gates' }).getByRole('row').nth(1);
    expect(await failed.textContent()).toMatch(/failed.*Nearly empty answers.*0\.09.*at most 0\.05/);
    await page.getByText('20 answers of 20 changed').waitFor();
    await page.getByText('Explain why the sky is blue').waitFor();
    await page.getByText('Accuracy of the reward model (n = 20)', { exact: true }).waitFor();
    expect(await page.getByText('look closer').count()).toBe(1); // answers are shorter than half of the first ones
    await page.getByRole('combobox', { name: 'Compare with another run' }).selectOption(other.runId);
    await page.getByText('Show as a table: KL').click();
    const table = page.getByRole('table', { name: /^KL/ });
    await expect
      .poll(() => table.getByRole('columnheader').allTextContents())
      .toEqual(['Step', 'this run', expect.stringMatching(/^Run /)]);
    await page.getByRole('searchbox', { name: 'Search measurements' }).fill('kl_coef');
    await expect.poll(() => page.getByText('objective/kl_coef').isVisible()).toBe(true);
    expect(await faultsOf(page)).toEqual([]);
    await screenshot(page, 'run');
    await page.getByRole('link', { name: 'Repeat with changes' }).click();
    await expect.poll(() => page.getByRole('textbox', { name: 'Seed of the whole run' }).inputValue()).toBe('1');
    // A judged run with this preset has ended here, so there is an estimate.
    await page
      .getByText(/About 13 min 30 s, 12 min 0 s to 15 min 0 s/)
      .first()
      .waitFor();
  });

  it('reads in the settings when a run will start by itself, and why none has', async () => {
    await page.goto(`${product.url}/admin/settings`);
    await page.getByText('No run starts by itself.').waitFor();
    await page.getByRole('button', { name: 'After 200 votes' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/of 200 unused votes are there/).waitFor();
    await page.getByText('A run waits or trains already.').waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });

  it('starts, reads and follows runs on a phone, in the dark and in Japanese', async () => {
    await expectToFitPhone(page, product.url, [
      ['runs/new', '学習ジョブを開始'],
      ['runs', '待ち行列'],
      ['settings', '次に始まるとき'],
    ]);
  });
});
