'use client';

// Says, while the form is filled in, how many people must vote and how long that takes.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { Notice } from '@/app/ui/notice';
import type { ExperimentPlan } from '@/core/rollout/experiment';

interface ForecastProps {
  plan: ExperimentPlan;
  share: number;
  part: number;
}

export function Forecast(asked: ForecastProps) {
  const t = useTranslations('experiments');
  const { percent, rough } = useFormats();
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.forecastExperiment.queryOptions(asked, { placeholderData: (former) => former }));
  return (
    <section aria-live="polite" aria-label={t('forecast')}>
      <Loaded query={query}>
        {({ needed, perDay, days, rate }) => (
          <Notice kind="info">
            {needed === null ? (
              <span>{t('neverDecides')}</span>
            ) : (
              <>
                <span className="block font-medium">
                  {days === null
                    ? t('neededPeople', { people: needed.people })
                    : t('neededDays', { people: needed.people, days: Math.max(1, Math.ceil(days)) })}
                </span>
                <span className="mt-1 block">
                  {t('neededText', { perDay: rough(perDay), readOnce: needed.readOnce })}{' '}
                  {asked.plan.metric === 'thumbs' &&
                    (rate === null ? t('noRate') : t('todaysRate', { rate: percent(rate) }))}
                </span>
                {days !== null && days > asked.plan.mostDays && (
                  <span className="mt-1 block font-medium">{t('tooLong', { days: asked.plan.mostDays })}</span>
                )}
              </>
            )}
          </Notice>
        )}
      </Loaded>
    </section>
  );
}
