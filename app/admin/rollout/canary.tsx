'use client';

// The running canary: how far it has come, what it waits for, what is watched, and what a person can do.
import { clsx } from 'clsx';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Guards } from '@/app/admin/rollout/guards';
import { Progress } from '@/app/admin/rollout/progress';
import { Steering } from '@/app/admin/rollout/steering';
import { useBecause } from '@/app/admin/rollout/use-because';
import type { CanaryData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';
import { Card } from '@/app/ui/card';
import { RAMP, RAMP_PHASES } from '@/core/rollout/canary';

export function Canary({ canary }: { canary: CanaryData }) {
  const t = useTranslations('rollout');
  const { date } = useFormats();
  const because = useBecause();
  const { candidateVersionId, championVersionId, phase, phaseSince, isPaused, settings, verdict } = canary;
  return (
    <Card
      title={t('canaryOf', { version: candidateVersionId })}
      actions={<Badge tone={isPaused ? 'plain' : 'busy'}>{isPaused ? t('paused') : t('running')}</Badge>}
    >
      <p className="-mt-2 mb-4 text-muted-foreground text-sm">
        {t('against', { version: championVersionId, since: date(canary.createdAt) })}
      </p>
      <Ramp phase={phase} />
      <p role="status" className="mt-4 font-medium text-sm">
        {because(canary)}
      </p>
      <p className="mt-1 text-muted-foreground text-sm">
        {t('stepRule', {
          since: date(phaseSince),
          minutes: settings.minutesPerStep,
          answers: settings.answersPerStep,
          days: settings.mostDays,
        })}
      </p>
      <Progress canary={canary} />
      {verdict && <Guards guards={verdict.guards} />}
      <Steering canary={canary} />
    </Card>
  );
}

function Ramp({ phase }: { phase: CanaryData['phase'] }) {
  const t = useTranslations('rollout');
  const { percent } = useFormats();
  const shares = [...RAMP_PHASES.map((one) => ({ phase: one, share: RAMP[one] })), { phase: 'promoted', share: 1 }];
  const at = shares.findIndex((one) => one.phase === phase);
  return (
    <ol aria-label={t('steps')} className="grid grid-cols-6 gap-1.5">
      {shares.map(({ share }, step) => (
        <li key={share} aria-current={step === at ? 'step' : undefined} className="space-y-1.5">
          <div className={clsx('h-2 rounded-full', step <= at ? 'bg-primary' : 'bg-muted')} />
          <span className={clsx('block text-xs tabular-nums', step === at ? 'font-semibold' : 'text-muted-foreground')}>
            {percent(share)}
          </span>
        </li>
      ))}
    </ol>
  );
}
