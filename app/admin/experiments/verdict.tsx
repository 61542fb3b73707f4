'use client';

// What an experiment has found, in one sentence, with what it rests on and what to do now.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { ExperimentData, FindingsData } from '@/app/admin/types';
import { Notice } from '@/app/ui/notice';

export function Verdict({ experiment, findings }: { experiment: ExperimentData; findings: FindingsData }) {
  const t = useTranslations('experiments');
  const tGuard = useTranslations('rollout.guardNames');
  const { percent, date } = useFormats();
  const { outcome, guards, more } = findings.verdict;
  const reading = findings.verdict.reading ?? findings.reading;
  const names = guards.map((name) => tGuard(name)).join(', ');
  const { plan, decidedAt } = experiment;
  const people = Math.round(reading?.people ?? 0);
  const rest =
    outcome !== 'undecided'
      ? null
      : more === null
        ? t('restUnknown')
        : findings.days === null
          ? t('rest', { more })
          : t('restInDays', { more, days: Math.max(1, Math.ceil(findings.days)) });
  return (
    <Notice kind={outcome === 'harm' || outcome === 'champion' || outcome === 'skewed' ? 'warning' : 'info'}>
      <span className="block font-medium">
        {t(`outcomes.${outcome}`, {
          guards: names,
          effect: percent(plan?.smallestEffect ?? 0),
          days: plan?.mostDays ?? 0,
        })}
      </span>
      {reading && (
        <span className="mt-1 block">
          {t(`readings.${plan?.metric ?? 'thumbs'}`, {
            effect: signed(percent, reading.effect),
            low: signed(percent, reading.low),
            high: signed(percent, reading.high),
            people,
          })}
        </span>
      )}
      {rest && <span className="mt-1 block">{rest}</span>}
      {decidedAt && <span className="mt-1 block">{t('decidedAt', { date: date(decidedAt) })}</span>}
      <span className="mt-1 block">{t(`next.${outcome}`)}</span>
    </Notice>
  );
}

export const signed = (percent: (share: number) => string, share: number) => `${share > 0 ? '+' : ''}${percent(share)}`;
