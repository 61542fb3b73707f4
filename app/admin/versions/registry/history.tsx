'use client';

// When a version served, in which experiments and canaries it was, and why it was taken out of use.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { VersionDetail } from '@/app/admin/types';
import { LINK } from '@/app/admin/versions/version-link';
import { Card } from '@/app/ui/card';

export function History({ version }: { version: VersionDetail }) {
  const t = useTranslations('versions');
  const phases = useTranslations('rollout.phases');
  const { date } = useFormats();
  const { services, experiments, canaries, retired, filesDeletedAt } = version;
  const isEmpty = [services, experiments, canaries].every((list) => list.length === 0) && !retired;
  return (
    <Card title={t('history')}>
      {isEmpty && <p className="text-muted-foreground text-sm">{t('noHistory')}</p>}
      <ul className="space-y-2 text-sm">
        {retired && (
          <li>
            {t('retiredOn', { date: date(retired.at) })}
            <span className="block whitespace-pre-wrap text-muted-foreground wrap-anywhere">{retired.reason}</span>
            {filesDeletedAt && <span className="block">{t('filesDeleted', { date: date(filesDeletedAt) })}</span>}
          </li>
        )}
        {services.map(({ from, to, action }) => (
          <li key={from.toISOString()}>
            {to ? t('served', { from: date(from), to: date(to) }) : t('serves', { from: date(from) })}{' '}
            <span className="text-muted-foreground">{t(`began.${action}`)}</span>
          </li>
        ))}
        {canaries.map(({ id, phase, createdAt, endedAt }) => (
          <li key={id}>
            <Link href="/admin/rollout" className={LINK}>
              {t('canary')}
            </Link>
            : {phases(phase)}{' '}
            <span className="text-muted-foreground">
              {endedAt
                ? t('between', { from: date(createdAt), to: date(endedAt) })
                : t('since', { from: date(createdAt) })}
            </span>
          </li>
        ))}
        {experiments.map(({ id, name, isCandidate, status, createdAt }) => (
          <li key={id}>
            <Link href="/admin/experiments" className={`${LINK} wrap-anywhere`}>
              {t('experiment', { name })}
            </Link>{' '}
            <span className="text-muted-foreground">
              {t(isCandidate ? 'asCandidate' : 'asChampion')}, {t(`experimentStatus.${status}`)}, {date(createdAt)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
