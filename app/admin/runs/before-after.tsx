'use client';

// What the parent and the new version answered to the same questions, side by side.
import { useTranslations } from 'next-intl';
import type { RunDetail } from '@/app/admin/types';
import { Card } from '@/app/ui/card';
import { languageOf } from '@/core/text/language';

/** More are folded, so that the charts below are in reach. */
const FIRST = 3;

export function BeforeAfter({ run: { examples, parentVersionId, resultVersionId } }: { run: RunDetail }) {
  const t = useTranslations('runPage');
  if (examples.length === 0) return null;
  const changed = examples.filter(({ before, after }) => before !== after).length;
  const [first, rest] = [examples.slice(0, FIRST), examples.slice(FIRST)];
  const names = { before: parentVersionId, after: resultVersionId ?? '' };
  return (
    <Card title={t('examples')}>
      <p className="mb-4 text-muted-foreground text-sm">{t('examplesText', { changed, total: examples.length })}</p>
      <Pairs examples={first} names={names} />
      {rest.length > 0 && (
        <details className="mt-5">
          <summary className="w-fit rounded font-medium text-primary-strong text-sm">
            {t('moreExamples', { count: rest.length })}
          </summary>
          <div className="mt-4">
            <Pairs examples={rest} names={names} />
          </div>
        </details>
      )}
    </Card>
  );
}

interface PairsProps {
  examples: RunDetail['examples'];
  names: Record<'before' | 'after', string>;
}

function Pairs({ examples, names }: PairsProps) {
  const t = useTranslations('runPage');
  return (
    <ul className="space-y-5">
      {examples.map(({ question, ...answers }) => (
        <li key={question}>
          <h3 lang={languageOf(question)} className="font-medium text-sm">
            {question}
          </h3>
          <dl className="mt-2 grid gap-3 sm:grid-cols-2">
            {(['before', 'after'] as const).map((side) => (
              <div key={side} className="min-w-0 rounded-xl bg-muted p-3 text-sm">
                <dt className="text-muted-foreground text-xs">{t(side, { version: names[side] })}</dt>
                <dd
                  lang={languageOf(question)}
                  className="mt-1 whitespace-pre-wrap leading-relaxed [overflow-wrap:anywhere]"
                >
                  {answers[side] === '' ? <i>{t('emptyAnswer')}</i> : answers[side]}
                </dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
