// What a run's page says of its progress: the share and the time left are the stage's, and stand beside its name.
import { NextIntlClientProvider } from 'next-intl';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { StageProgress } from '@/app/admin/runs/stage-progress';
import type { RunDetail } from '@/app/admin/types';
import english from '@/app/i18n/en.json';
import japanese from '@/app/i18n/ja.json';

const run = {
  ...{ status: 'running', stage: 'reward_model', progress: 0.4, secondsLeft: 120, startedAt: null },
  plan: { stages: ['freeze', 'reward_model', 'ppo'] },
} as unknown as RunDetail;

it.each([
  ['en', english, 'stage 2 of 3'],
  ['ja', japanese, '全3段階の2番目'],
] as const)('in %s', (locale, messages, place) => {
  const page = createElement(StageProgress, { run, endsIn: 600 });
  const provider = { locale, messages, timeZone: 'UTC' } as never;
  const html = renderToStaticMarkup(createElement(NextIntlClientProvider, provider, page));
  const said = [...html.matchAll(/<dt[^>]*>([^<]*)<\/dt><dd>([^<]*)<\/dd>/g)].map(([, of, figures]) => [of, figures]);
  expect(said).toEqual([
    [expect.stringContaining(messages.admin.stages.reward_model), expect.stringMatching(/^40\s?% · .*2/)],
    [messages.admin.progressRun, expect.stringMatching(new RegExp(`^${place} · .*10`))],
  ]);
});
