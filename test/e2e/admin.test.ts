// What administrators are told before they act, and how a search follows their typing.
import { describe, expect, it } from 'vitest';
import { getDatabase } from '@/db/client';
import { experiment } from '@/db/schema';
import { faultsOf } from './barriers';
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
    await page.goto(`${product.url}/admin/settings`);
    await page.getByText('When a version is promoted, a running experiment ends.').waitFor();
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
});
