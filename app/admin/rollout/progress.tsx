'use client';

// How much a canary has of what it waits for: time, answers and voters, each as a number of a number.
import { useTranslations } from 'next-intl';
import type { CanaryData } from '@/app/admin/types';
import { nextPhase, type RampPhase } from '@/core/rollout/canary';

export function Progress({ canary: { progress, settings, phase } }: { canary: CanaryData }) {
  const t = useTranslations('rollout.waits');
  if (!progress) return null;
  const { minutes, answers, people, voters } = progress;
  const isLast = nextPhase(phase as RampPhase) === null;
  const { minutesPerStep, answersPerStep } = settings;
  const most = Math.min(answers, answersPerStep);
  return (
    <section aria-label={t('title')} className="mt-4">
      <dl className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
        <Part
          name={t('minutes')}
          text={t('minutesOf', { have: Math.floor(Math.min(minutes, minutesPerStep)), needed: minutesPerStep })}
          share={minutesPerStep > 0 ? minutes / minutesPerStep : 1}
        />
        <Part
          name={t('answers')}
          text={t('answersOf', { have: most, needed: answersPerStep })}
          share={answers / answersPerStep}
        />
        <Part
          name={t('voters')}
          text={
            voters.needed === null
              ? t('votersNever', { have: voters.have })
              : t('votersOf', { have: Math.min(voters.have, voters.needed), needed: voters.needed })
          }
          hint={isLast ? t('votersHint') : undefined}
          share={voters.needed === null ? 0 : voters.have / voters.needed}
        />
        <Part name={t('people')} text={t('peopleOf', people)} />
      </dl>
    </section>
  );
}

function Part({ name, text, hint, share }: { name: string; text: string; hint?: string | undefined; share?: number }) {
  return (
    <div>
      <dt className="text-muted-foreground text-xs">{name}</dt>
      <dd className="mt-0.5 font-medium text-sm tabular-nums">
        {text}
        {share !== undefined && (
          <span aria-hidden className="mt-1.5 block h-1.5 rounded-full bg-muted">
            <span className="block h-full rounded-full bg-primary" style={{ width: `${100 * Math.min(1, share)}%` }} />
          </span>
        )}
        {hint && <span className="mt-1 block font-normal text-muted-foreground text-xs">{hint}</span>}
      </dd>
    </div>
  );
}
