// What keeps people from using a page: barriers that axe finds, and scrolling sideways on a phone.
import { source as axe } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { screenshot } from './support';

/** One line a fault. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof import('axe-core') }).axe.run();
    return violations.map(({ id, nodes }) => `${location.pathname} ${id}: ${nodes[0]?.html}`);
  });
}

/** Opens admin pages on a phone, in the dark and in Japanese; `shown` is a text that each has when it is complete. */
export async function expectToFitPhone(
  page: Page,
  url: string,
  pages: readonly (readonly [path: string, shown: string])[],
) {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.context().addCookies([{ name: 'locale', value: 'ja', url }]);
  for (const [path, shown] of pages) {
    await page.goto(`${url}/admin/${path}`);
    await page.getByText(shown).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
    expect(await faultsOf(page)).toEqual([]);
    await screenshot(page, `${path.replace('/', '-')}-phone-dark-ja`);
  }
}
