// The pages of rules, as an administrator uses them: by keyboard, in both languages, on a phone.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULE_TEMPLATES } from '@/core/constraints/templates';
import { expectToFitPhone, faultsOf } from './barriers';
import {
  chromiumPath,
  openBrowser,
  openDesk,
  openTinyProduct,
  say,
  screenshot,
  type TestProduct,
  untilAnswered,
} from './support';

describe.runIf(chromiumPath)('rules', () => {
  let product: TestProduct;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    product = await openTinyProduct();
    browser = await openBrowser();
    page = await openDesk(browser, product);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.close();
  });

  const press = (name: string) => page.getByRole('button', { name, exact: true }).press('Enter');
  const untilVersion = (version: number) => page.getByRole('heading', { name: `(version ${version})` }).waitFor();

  it('a rule is added from a template by keyboard, and an id that is taken is refused beside its field', async () => {
    await page.goto(`${product.url}/admin`);
    await page.getByRole('link', { name: 'Rules', exact: true }).press('Enter');
    await page.getByRole('row', { name: /Swear words/ }).waitFor();
    await press('Add a rule');
    await page.getByLabel('Start from').waitFor();
    expect(await page.getByLabel('Id', { exact: true }).inputValue()).toBe('profanity-2');
    await press('Preview on past texts');
    await page.getByText('No rule with this id is in force yet.').waitFor();
    await page.getByLabel('Start from').selectOption({ label: 'Phrases' });
    expect(await page.getByLabel('Id', { exact: true }).inputValue()).toBe('phrases');
    await page.getByLabel('Id', { exact: true }).fill('profanity');
    await page.getByLabel('Name', { exact: true }).fill('Secret project');
    expect(await faultsOf(page)).toEqual([]);
    await press('Save and put in force');
    await page.getByRole('alert').getByText('Choose another.').waitFor();
    expect(await page.getByLabel('Id', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Id', { exact: true }).fill('project');
    await press('Save and put in force');
    await untilVersion(1);
    expect(new URL(page.url()).pathname).toBe('/admin/rules/project');
    await page.goto(`${product.url}/admin/rules`);
    await page.getByRole('row', { name: /Secret project.*Phrases.*Record only.*Hide the part/ }).waitFor();
    await screenshot(page, 'rules');
    expect(await faultsOf(page)).toEqual([]);
  });

  it('a failing example is shown and saved only after a question; an old version comes back as a new one', async () => {
    await page.getByRole('link', { name: 'Secret project' }).press('Enter');
    await untilVersion(1);
    await page.getByLabel('Forbidden phrases').fill('project heron\nproject egret');
    await press('Check');
    await page.getByText('1 of 2 as expected').waitFor();
    await page.getByText('not as expected', { exact: true }).waitFor();
    await press('Save as a new version');
    const question = page.getByRole('dialog', { name: '1 example fails' });
    await question.getByRole('button', { name: 'Cancel' }).press('Enter');
    await question.waitFor({ state: 'detached' });
    await untilVersion(1);
    await press('Save as a new version');
    await question.getByRole('button', { name: 'Save anyway' }).press('Enter');
    await untilVersion(2);
    await page.getByText('changed: Forbidden phrases').waitFor();
    await press('Restore version 1');
    const restoring = page.getByRole('dialog', { name: 'Restore version 1?' });
    await restoring.getByText('It changes: Forbidden phrases').waitFor();
    await screenshot(page, 'rule-restore');
    await restoring.getByRole('button', { name: 'Restore' }).press('Enter');
    await untilVersion(3);
    await page.getByText('restored from version 1').waitFor();
    // It would change nothing.
    expect(await page.getByRole('button', { name: 'Restore version 1' }).count()).toBe(0);
    expect(await page.getByLabel('Forbidden phrases').inputValue()).toBe('project bluebird');
  });

  it('what was typed stays when somebody else saves meanwhile, and can be saved over it', async () => {
    await page.getByLabel('Name', { exact: true }).fill('Mine');
    const { rules } = await product.admin.rule.list.query();
    const { version, ...rule } = rules.find(({ id }) => id === 'project')!.rule!;
    await product.admin.rule.save.mutate({ rule: { ...rule, name: 'Theirs' }, expectedVersion: version });
    await press('Save as a new version');
    await page.getByText(/Somebody saved version 4/).waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Mine');
    await press('Keep mine');
    await press('Save as a new version');
    await page.getByRole('heading', { name: 'Mine (version 5)' }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });

  it('a hit is shown with its text and marked as false; a preview counts past texts', async () => {
    await page.goto(product.url);
    await say(page, 'Where is Project Bluebird kept?');
    await untilAnswered(page);
    await page.goto(`${product.url}/admin/rules/project`);
    await page.locator('mark', { hasText: 'Project Bluebird' }).waitFor();
    const mark = page.getByRole('button', { name: 'Mark as a false hit: Project Bluebird' });
    await mark.press('Enter');
    const asking = page.getByRole('dialog', { name: 'Mark this hit as false?' });
    await screenshot(page, 'rule-false-hit');
    expect(await faultsOf(page)).toEqual([]);
    await asking.getByRole('button', { name: 'Cancel' }).press('Enter');
    await untilVersion(5);
    const confirm = async () => {
      await mark.press('Enter');
      await asking.getByRole('button', { name: 'Mark as false' }).press('Enter');
      await page.getByText('The sentence is now an example').waitFor();
      await page.getByText('The rule fails 1 of its examples.').waitFor();
    };
    await confirm();
    await untilVersion(6);
    await page.getByRole('button', { name: 'Undo', exact: true }).press('Enter');
    await page.getByText('The mark is gone, and the rule is as it was before.').waitFor();
    await untilVersion(7);
    expect(await page.getByLabel('Text of example 3').count()).toBe(0);
    await press('Restore version 1');
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).press('Enter');
    await untilVersion(8);
    expect(await page.getByText('The mark is gone').count()).toBe(0);
    await press('Restore version 7');
    await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).press('Enter');
    await untilVersion(9);
    await confirm();
    await untilVersion(10);
    const example = page.getByLabel('Text of example 3');
    expect(await example.inputValue()).toBe('Where is Project Bluebird kept?');
    await page.getByLabel('In answers').selectOption('off');
    await page.getByLabel('Forbidden phrases').fill('project heron');
    await press('Preview on past texts');
    await page.getByText('It would have hit 0 of the last 1 message; the rule in force hits 1.').waitFor();
    await page.getByRole('heading', { name: 'No longer hit' }).waitFor();
    await screenshot(page, 'rule');
    expect(await faultsOf(page)).toEqual([]);
  });

  it('the form of every template has no fault that axe finds, and what the server refuses is said at its field', async () => {
    await page.goto(`${product.url}/admin/rules`);
    await press('Add a rule');
    const choice = page.getByLabel('Start from');
    await choice.waitFor();
    const names = await choice.getByRole('option').allTextContents();
    expect(names).toHaveLength(RULE_TEMPLATES.length);
    for (const name of names) {
      await choice.selectOption({ label: name });
      expect(await faultsOf(page), name).toEqual([]);
    }
    await choice.selectOption({ label: 'What another server finds' });
    const address = page.getByLabel('Address', { exact: true }).and(page.locator('[required]'));
    expect(await address.inputValue()).toBe('');
    expect(await page.getByLabel('Cost of a hit in training').count()).toBe(0);
    await choice.selectOption({ label: 'A pattern' });
    await page.getByLabel('Pattern', { exact: true }).fill('(');
    await press('Check');
    await page.getByLabel('Pattern', { exact: true }).and(page.locator('[aria-invalid="true"]')).waitFor();
  });

  it('both pages fit a phone, in the dark and in Japanese, without scrolling sideways', async () => {
    await expectToFitPhone(page, product.url, [
      ['rules', '7日間の該当'],
      ['rules/project', '禁止する語句'],
    ]);
  });

  it('a removed rule is out of the list, and can be restored', async () => {
    await page.context().addCookies([{ name: 'locale', value: 'en', url: product.url }]);
    await page.reload();
    await page
      .getByRole('region', { name: /Mine/ })
      .getByRole('button', { name: 'Remove', exact: true })
      .first()
      .press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).press('Enter');
    await page.getByText('This rule has been removed').waitFor();
    await page.goto(`${product.url}/admin/rules`);
    await page.getByRole('region', { name: 'Removed rules' }).getByRole('link', { name: 'Mine' }).press('Enter');
    await press('Put back');
    await page.getByRole('dialog').getByRole('button', { name: 'Put back' }).press('Enter');
    await untilVersion(12);
    await page.getByText('put back', { exact: true }).waitFor();
  });
});
