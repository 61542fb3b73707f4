'use client';

// The five figures of the loop, each with its definition, its number, and how much it rests on.
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useFormats } from '@/app/admin/format';
import { AccuracyChart } from '@/app/figures/accuracy-chart';
import type { Figures, Spread } from '@/core/figures/figures';

export function FigureList({ figures, runHref }: { figures: Figures; runHref: ((id: string) => string) | null }) {
  const t = useTranslations('figures');
  const { percent, rough, duration } = useFormats();
  const { votesPerPoint, rewardAccuracy, voteToBehaviour, swapErrors, rollback } = figures;
  const newest = rewardAccuracy.at(-1);
  const spread = (of: Spread | null) =>
    of && { value: duration(of.median), note: t('spread', { p90: duration(of.p90), most: duration(of.most) }) };
  return (
    <dl className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
      <Figure
        name="votesPerPoint"
        value={votesPerPoint.value === null ? null : rough(votesPerPoint.value)}
        note={t('votes', { votes: votesPerPoint.votes, points: rough(votesPerPoint.points) })}
        n={votesPerPoint.n}
      />
      <Figure
        name="rewardAccuracy"
        value={newest ? percent(newest.accuracy) : null}
        note={newest && t('interval', { low: percent(newest.low), high: percent(newest.high) })}
        n={newest?.n ?? 0}
      >
        {rewardAccuracy.length > 0 && <AccuracyChart runs={rewardAccuracy} runHref={runHref} />}
      </Figure>
      <Figure name="voteToBehaviour" {...spread(voteToBehaviour)} n={voteToBehaviour?.n ?? 0} />
      <Figure
        name="swapErrors"
        value={swapErrors.rate && percent(swapErrors.rate.value)}
        note={
          swapErrors.rate &&
          t('failed', { failed: swapErrors.failed, swaps: swapErrors.swaps, high: percent(swapErrors.rate.high) })
        }
        n={swapErrors.answers}
      />
      <Figure name="rollback" {...spread(rollback)} n={rollback?.n ?? 0} />
    </dl>
  );
}

interface FigureProps {
  name: 'votesPerPoint' | 'rewardAccuracy' | 'voteToBehaviour' | 'swapErrors' | 'rollback';
  value?: string | null;
  note?: string | null | undefined;
  n: number;
  children?: ReactNode;
}

function Figure({ name, value, note, n, children }: FigureProps) {
  const t = useTranslations('figures');
  return (
    <div className="rounded-2xl border border-border bg-card p-5">
      <dt className="font-medium text-sm">{t(`${name}.name`)}</dt>
      <dd className="mt-1">
        <span
          className={value ? 'font-semibold text-2xl tabular-nums tracking-tight' : 'text-muted-foreground text-sm'}
        >
          {value ?? t('none')}
        </span>
        <span className="mt-1 block text-muted-foreground text-xs leading-relaxed">
          {t(`${name}.n`, { n })}
          {value && note ? ` · ${note}` : ''}
        </span>
      </dd>
      {children && <dd className="mt-3">{children}</dd>}
      <dd className="mt-3 text-muted-foreground text-xs leading-relaxed">{t(`${name}.means`)}</dd>
    </div>
  );
}
