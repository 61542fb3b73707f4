'use client';

// The overview: which version serves, whether engine and trainer run, and how much feedback is unused.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { formatBytes, useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { StartRun } from '@/app/admin/start-run';
import { useTRPC } from '@/app/lib/trpc';
import { Badge } from '@/app/ui/badge';
import { Card } from '@/app/ui/card';

const COUNTS = ['users', 'conversations', 'generations', 'thumbs', 'comparisons'] as const;
const REFRESH_MS = 5000;

export function Overview() {
  const t = useTranslations('admin');
  const { date } = useFormats();
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.overview.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  return (
    <Loaded query={query}>
      {({ champion, engine, trainer, counts }) => (
        <div className="space-y-4">
          <div className="grid gap-4 md:grid-cols-3">
            <Card title={t('champion')}>
              <p className="break-all font-semibold text-xl tracking-tight">{champion.versionId}</p>
              <Small>{t('since', { date: date(champion.since) })}</Small>
            </Card>
            <Card title={t('engine')} actions={<Alive isAlive={engine !== null} />}>
              {engine ? (
                <>
                  <p className="text-sm">
                    {t('engineDetail', {
                      running: engine.running,
                      waiting: engine.waiting,
                      speed: engine.tokensPerSecond,
                      memory: formatBytes(engine.residentBytes),
                    })}
                  </p>
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
            </Card>
          </div>
          <Card>
            <dl className="grid grid-cols-2 gap-x-4 gap-y-6 sm:grid-cols-3 lg:grid-cols-6">
              {COUNTS.map((name) => (
                <Count key={name} label={t(name)} value={counts[name]} />
              ))}
              <Count label={t('unused')} value={counts.unusedFeedback} hint={t('unusedHint')} isStrong />
            </dl>
          </Card>
          <div className="flex justify-end">
            <StartRun />
          </div>
        </div>
      )}
    </Loaded>
  );
}

function Small({ children }: { children: ReactNode }) {
  return <p className="mt-1.5 break-words text-muted-foreground text-xs leading-relaxed">{children}</p>;
}

function Alive({ isAlive }: { isAlive: boolean }) {
  const t = useTranslations('admin');
  return <Badge tone={isAlive ? 'good' : 'bad'}>{isAlive ? t('running') : t('down')}</Badge>;
}

function Count({ label, value, hint, isStrong }: { label: string; value: number; hint?: string; isStrong?: boolean }) {
  return (
    <div>
      <dt className="text-muted-foreground text-xs">{label}</dt>
      <dd className="mt-1">
        <span className={`font-semibold text-2xl tabular-nums tracking-tight ${isStrong ? 'text-primary-strong' : ''}`}>
          {value.toLocaleString()}
        </span>
        {hint && <span className="block text-muted-foreground text-xs">{hint}</span>}
      </dd>
    </div>
  );
}
