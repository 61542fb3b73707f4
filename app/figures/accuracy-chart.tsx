'use client';

// The reward model's accuracy run by run: a dot with its interval, and the same numbers as a list.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { RewardAccuracy } from '@/core/figures/figures';

const WIDTH = 240;
const HEIGHT = 64;
/** The newest that the picture has room for. */
const MOST = 24;

interface AccuracyChartProps {
  runs: readonly RewardAccuracy[];
  /** Null where runs have no page for the reader. */
  runHref: ((id: string) => string) | null;
}

export function AccuracyChart({ runs, runHref }: AccuracyChartProps) {
  const t = useTranslations('figures');
  const { percent, date } = useFormats();
  const shown = runs.slice(-MOST);
  const y = (share: number) => HEIGHT * (1 - share);
  return (
    <details className="text-xs">
      <summary className="w-fit rounded py-1">
        <svg aria-hidden viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="w-full max-w-60 text-primary">
          <line x1={0} x2={WIDTH} y1={y(0.5)} y2={y(0.5)} className="stroke-border" strokeDasharray="4 4" />
          {shown.map(({ runId, accuracy, low, high }, at) => {
            const x = (WIDTH * (at + 0.5)) / shown.length;
            return (
              <g key={runId} stroke="currentColor" fill="currentColor">
                <line x1={x} x2={x} y1={y(low)} y2={y(high)} opacity={0.5} />
                <circle cx={x} cy={y(accuracy)} r={3} stroke="none" />
              </g>
            );
          })}
        </svg>
        <span className="underline underline-offset-4">{t('byRun')}</span>
      </summary>
      <ul className="mt-2 space-y-1 tabular-nums">
        {[...runs].reverse().map(({ runId, at, accuracy, low, high, n }) => (
          <li key={runId}>
            {runHref ? (
              <Link href={runHref(runId)} className="underline">
                {date(at)}
              </Link>
            ) : (
              date(at)
            )}
            {': '}
            {t('run', { accuracy: percent(accuracy), low: percent(low), high: percent(high), n })}
          </li>
        ))}
      </ul>
    </details>
  );
}
