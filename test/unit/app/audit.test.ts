// The detail of an audit entry is taken apart into what was set, from what and to what; every subject's page is known.
import { describe, expect, it } from 'vitest';
import { changesOf, sayValue } from '@/app/admin/audit/changes';
import { pageOf, shortId } from '@/app/admin/audit/subject-link';
import en from '@/app/i18n/en.json';
import ja from '@/app/i18n/ja.json';
import { AUDIT_ACTIONS } from '@/core/audit-actions';
import { Settings } from '@/core/settings';

const id = '3f0c2a10-0000-4000-8000-000000000000';
const words = {
  ...{ none: 'none', on: 'on', off: 'off' },
  ...{ count: (count: number) => `${count} entries`, number: (value: number) => String(value) },
};

describe('the detail', () => {
  it('names only what differs, from the old value to the new one, however deep it is', () => {
    const user = { requestsPerMinute: 600, concurrent: 32 };
    expect(
      changesOf({
        from: { comparisonShare: 0.1, autoCanary: false, limits: { user } },
        to: { comparisonShare: 0.2, autoCanary: false, limits: { user: { ...user, concurrent: 8 } } },
      }),
    ).toEqual([
      { path: ['comparisonShare'], from: 0.1, to: 0.2 },
      { path: ['limits', 'user', 'concurrent'], from: 32, to: 8 },
    ]);
  });

  it('of plain values is those values, and of a change of one value that change', () => {
    expect(changesOf({ version: 3, changed: ['name'], stopped: [] })).toEqual([
      { path: ['version'], to: 3 },
      { path: ['changed'], to: ['name'] },
    ]);
    expect(changesOf({ from: 'user', to: 'admin' })).toEqual([{ path: [], from: 'user', to: 'admin' }]);
    expect(changesOf({})).toEqual([]);
  });

  it('has words for every kind of value', () => {
    const said = [null, '', true, false, 0.5, 'text', ['a', 2], [{ a: 1 }], { a: 1, b: 2 }];
    expect(said.map((value) => sayValue(value, words))).toEqual([
      'none',
      'none',
      'on',
      'off',
      '0.5',
      'text',
      'a · 2',
      '1 entries',
      '2 entries',
    ]);
    expect(sayValue(id, words)).toBe('3f0c2a10');
  });
});

it.each([
  ['English', en],
  ['Japanese', ja],
])('in %s, every setting has a name', (_, { auditDetail }) => {
  const keysOf = (value: unknown): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)])
      : [];
  expect(Object.keys(auditDetail.names)).toEqual(expect.arrayContaining(keysOf(Settings.parse({}))));
});

describe('the subject', () => {
  it('has a page, except accounts, passwords and keys, which only their owners see', () => {
    const without = AUDIT_ACTIONS.filter((action) => pageOf(action, id) === null);
    expect(without).toEqual(['account.delete', 'api_key.create', 'api_key.revoke', 'password.set']);
    const pages = (['feedback.exclude', 'feedback.import', 'rating.upload'] as const).map((action) =>
      pageOf(action, id),
    );
    expect(pages).toEqual([`/feedback/${id}`, '/admin/rating', '/admin/rating']);
    expect(pageOf('rule.change', 'profanity')).toBe('/admin/rules/profanity');
    expect(shortId('profanity')).toBe('profanity');
  });
});
