'use client';

// Says over what figures were counted, and when.
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { NEWEST_ANSWERS, NEWEST_TASKS, NEWEST_VOTES } from '@/core/statistics/newest';

const COUNTS = { votes: NEWEST_VOTES, answers: NEWEST_ANSWERS, tasks: NEWEST_TASKS };

/** `at` is null if they were counted just now. */
export function CountedAt({ of, at }: { of: keyof typeof COUNTS; at: Date | null }) {
  const t = useTranslations('counted');
  const { date } = useFormats();
  return (
    <p className="max-w-prose text-muted-foreground text-xs">
      {t(of, { count: COUNTS[of] })} {at && t('at', { date: date(at) })}
    </p>
  );
}
