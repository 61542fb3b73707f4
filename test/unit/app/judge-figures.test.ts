// A judge's figures as its card shows them.
import { NextIntlClientProvider } from 'next-intl';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { Figures } from '@/app/admin/judges/figures';
import messages from '@/app/i18n/en.json' with { type: 'json' };
import { faultsOf, measureJudge } from '@/core/judging/figures';

it('are a dash where there was no pair to measure on', () => {
  const figures = measureJudge([]);
  const measurement = { figures, faults: faultsOf(figures), constitutionVersion: 1, createdAt: new Date(0) };
  const judge = { name: 'Home', measurements: [measurement] } as never;
  const shown = renderToStaticMarkup(
    createElement(
      NextIntlClientProvider,
      { locale: 'en', timeZone: 'UTC', messages } as never,
      createElement(Figures, { judge, constitutionVersion: 1 }),
    ),
  );
  expect(shown.match(/>–</g)).toHaveLength(4);
  expect(shown).not.toMatch(/>0%/);
});
