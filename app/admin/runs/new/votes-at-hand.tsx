'use client';

// The feedback from which a run could learn now, beside what it takes.
import { useTranslations } from 'next-intl';
import type { RunOptionsData } from '@/app/admin/types';

export function VotesAtHand({ options: { atHand, unused, needed } }: { options: RunOptionsData }) {
  const t = useTranslations('newRun');
  const { decided, undecided, thumbs, others, prompts, isPartial } = atHand;
  const votes = decided + undecided + thumbs + others;
  const figures = [
    { label: t('votes'), have: votes, need: needed.votes, hint: t('votesHint', { count: needed.votes }) },
    { label: t('unused'), have: unused, need: null, hint: t('unusedHint') },
    { label: t('prompts'), have: prompts, need: needed.prompts, hint: t('promptsHint', { count: needed.prompts }) },
  ];
  return (
    <dl className="grid gap-4 sm:grid-cols-3">
      {figures.map(({ label, have, need, hint }) => (
        <div key={label}>
          <dt className="text-muted-foreground text-xs">{label}</dt>
          <dd className="mt-1 font-semibold text-xl tabular-nums tracking-tight">
            {t(isPartial && need !== null ? 'haveMore' : 'have', { count: have })}
          </dd>
          {need !== null && (
            <dd aria-hidden className="mt-1.5 h-1.5 max-w-48 overflow-hidden rounded-full bg-muted">
              <div className="h-full rounded-full bg-primary" style={{ width: `${Math.min(1, have / need) * 100}%` }} />
            </dd>
          )}
          <dd className="mt-1 text-muted-foreground text-xs">{hint}</dd>
        </div>
      ))}
    </dl>
  );
}
