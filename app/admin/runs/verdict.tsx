'use client';

// How a run ended, in words, and what to do next.
import { Repeat } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { RunDetail } from '@/app/admin/types';
import { buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { VerdictText } from '@/app/ui/verdict-text';

const ENDS = ['done', 'rejected', 'failed', 'cancelled'] as const;

export function Verdict({ run }: { run: RunDetail }) {
  const t = useTranslations('runPage');
  const end = ENDS.find((status) => status === run.status);
  if (!end) return null;
  return (
    <Card title={t(`ends.${end}.title`)}>
      {run.verdict && (
        <p className="max-w-4xl leading-relaxed">
          <VerdictText verdict={run} />
        </p>
      )}
      <p className="mt-2 max-w-4xl text-muted-foreground text-sm leading-relaxed">{t(`ends.${end}.next`)}</p>
      <div className="mt-4 flex flex-wrap gap-2">
        {end === 'done' && (
          <Link href="/admin/rollout" className={buttonClass('primary', 'medium')}>
            {t('toRollout')}
          </Link>
        )}
        {end === 'rejected' && (
          <Link href="/admin/rating" className={buttonClass('outline', 'medium')}>
            {t('toVotes')}
          </Link>
        )}
        <Link href={`/admin/runs/new?repeat=${run.id}`} className={buttonClass('outline', 'medium')}>
          <Repeat aria-hidden className="size-4" />
          {t('repeat')}
        </Link>
      </div>
    </Card>
  );
}
