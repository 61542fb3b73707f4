// The chart of reward against cost says its ends and its limit in words.
import { NextIntlClientProvider } from 'next-intl';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { RewardCostChart } from '@/app/admin/runs/metrics/reward-cost-chart';
import english from '@/app/i18n/en.json';
import japanese from '@/app/i18n/ja.json';

const points = [
  { step: 0, cost: 0.3, reward: -0.5 },
  { step: 1, cost: 0.1, reward: 0.25 },
  { step: 2, cost: 0.01, reward: 1 },
];

it.each([
  ['en', english, 'Cost 0.3 → 0.01, reward -0.5 → 1. Allowed: 0.02.'],
  ['ja', japanese, 'コスト：0.3 → 0.01、報酬：-0.5 → 1。 上限：0.02。'],
] as const)('in %s', (locale, messages, said) => {
  const chart = createElement(RewardCostChart, { of: { constraint: 'profanity', target: 0.02, points } });
  const provider = { locale, messages, timeZone: 'UTC' } as never;
  const html = renderToStaticMarkup(createElement(NextIntlClientProvider, provider, chart));
  expect(html.replace(/<[^>]*>/gu, ' ').replace(/\s+/gu, ' ')).toContain(said);
  expect(html).toContain('profanity');

  expect(html).not.toContain('NaN');
});
