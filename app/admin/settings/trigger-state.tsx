'use client';

// When a run will start by itself under the saved settings, and why it has not started yet.
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { useTRPC } from '@/app/lib/trpc';
import { Notice } from '@/app/ui/notice';
import type { RouterOutputs } from '@/server/routers';

type Decision = RouterOutputs['admin']['trigger'];

const REFRESH_MS = 30_000;

export function TriggerState() {
  const t = useTranslations('trigger');
  const trpc = useTRPC();
  const { data } = useQuery(trpc.admin.trigger.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const conditionSentence = useCondition();
  const { date } = useFormats();
  if (!data) return null;
  const { due, conditions, hindrances } = data;
  const hindranceSentence = (hindrance: Decision['hindrances'][number]) => {
    if (hindrance.code === 'retry_time') return t('hindrance.retry_time', { date: date(hindrance.at) });
    if (hindrance.code === 'candidate') return t('hindrance.candidate', { version: hindrance.versionId });
    return t(`hindrance.${hindrance.code}`);
  };
  const lines = [
    ...(conditions.length === 0 ? [t('noTrigger')] : conditions.map(conditionSentence)),
    ...(conditions.length === 0 ? [] : hindrances.map(hindranceSentence)),
    ...(due ? [t('due')] : []),
  ];
  return (
    <div>
      <h3 className="mb-1.5 font-medium text-sm">{t('next')}</h3>
      <Notice kind="info">{lines.join('\n')}</Notice>
    </div>
  );
}

function useCondition(): (condition: Decision['conditions'][number]) => string {
  const t = useTranslations('trigger');
  const { date, percent } = useFormats();
  return (condition) => {
    switch (condition.trigger) {
      case 'feedback_count':
        return t('condition.feedback_count', { have: condition.have, need: condition.need });
      case 'schedule':
        return condition.isMet ? t('condition.scheduleMet') : t('condition.schedule', { date: date(condition.at) });
      case 'drift': {
        if (!condition.drift) return t('condition.driftNew');
        const { first, later, hasDrifted } = condition.drift;
        const rate = ({ up, n }: { up: number; n: number }) => (n === 0 ? '–' : percent(up / n));
        const figures = { first: rate(first), firstN: first.n, later: rate(later), laterN: later.n };
        if (!hasDrifted) return t('condition.drift', figures);
        return condition.isMet
          ? t('condition.driftMet', figures)
          : t('condition.driftRests', { ...figures, date: date(condition.notBefore ?? new Date()) });
      }
    }
  };
}
