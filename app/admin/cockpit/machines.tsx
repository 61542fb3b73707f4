'use client';

// The machines behind the loop: the engine, the trainer, and how much the database holds.
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { formatBytes, useFormats } from '@/app/admin/format';
import type { OverviewData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';
import { Card } from '@/app/ui/card';

const COUNTS = [
  { name: 'users', href: '/admin/users' },
  { name: 'conversations', href: null },
  { name: 'generations', href: '/admin/versions' },
  { name: 'feedback', href: '/admin/feedback' },
] as const;

export function Machines({ overview: { engine, trainer, counts } }: { overview: OverviewData }) {
  const t = useTranslations('admin');
  const cockpit = useTranslations('cockpit');
  const { date } = useFormats();
  return (
    <div className="grid gap-4 md:grid-cols-2 lg:grid-cols-3">
      <Card title={t('engine')} actions={<Alive isAlive={engine !== null} />}>
        {engine ? (
          <>
            <dl className="grid grid-cols-3 gap-3">
              <Figure label={cockpit('speed')}>{cockpit('perSecond', { speed: engine.tokensPerSecond })}</Figure>
              <Figure label={cockpit('queue')}>
                {cockpit('inQueue', { running: engine.running, waiting: engine.waiting })}
              </Figure>
              <Figure label={cockpit('memory')}>{formatBytes(engine.residentBytes)}</Figure>
            </dl>
            <Small>
              {t('enginePrecision', {
                base: engine.baseId,
                precision: engine.precision,
                context: engine.maxContext,
              })}
            </Small>
          </>
        ) : (
          <p className="text-sm">{t('engineDown')}</p>
        )}
      </Card>
      <Card title={t('trainer')} actions={<Alive isAlive={trainer.alive} />}>
        <p className="text-sm">
          {trainer.lastHeartbeat ? t('trainerSeen', { date: date(trainer.lastHeartbeat) }) : t('trainerNever')}
        </p>
        {trainer.lacks && <Small>{t('trainerLacks', { what: trainer.lacks })}</Small>}
        <Small>
          <Link href="/admin/runs" className="underline">
            {cockpit('allRuns')}
          </Link>
        </Small>
      </Card>
      <Card title={cockpit('counts')} className="md:col-span-2 lg:col-span-1">
        <dl className="grid grid-cols-2 gap-x-4 gap-y-3">
          {COUNTS.map(({ name, href }) => {
            const { n, isAbout } = counts[name];
            const words = cockpit(isAbout ? 'about' : 'exactly', { n });
            return (
              <Figure key={name} label={t(name)}>
                {href ? (
                  <Link href={href} className="underline decoration-border underline-offset-4">
                    {words}
                  </Link>
                ) : (
                  words
                )}
              </Figure>
            );
          })}
        </dl>
      </Card>
    </div>
  );
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted-foreground text-xs">{label}</dt>
      <dd className="mt-0.5 font-semibold text-lg tabular-nums tracking-tight">{children}</dd>
    </div>
  );
}

function Small({ children }: { children: ReactNode }) {
  return <p className="mt-2 break-words text-muted-foreground text-xs leading-relaxed">{children}</p>;
}

function Alive({ isAlive }: { isAlive: boolean }) {
  const t = useTranslations('admin');
  return <Badge tone={isAlive ? 'good' : 'bad'}>{isAlive ? t('running') : t('down')}</Badge>;
}
