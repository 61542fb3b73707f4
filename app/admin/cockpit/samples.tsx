'use client';

// The last answers of people who let administrators read them.
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { LiveData } from '@/app/admin/types';
import { EmptyState } from '@/app/ui/empty-state';

export function Samples({ samples }: { samples: LiveData['samples'] }) {
  const t = useTranslations('cockpit');
  const { date } = useFormats();
  if (samples.length === 0) return <EmptyState>{t('noSamples')}</EmptyState>;
  return (
    <ul className="divide-y divide-border">
      {samples.map(({ generationId, versionId, createdAt, question, answer, thumb }) => (
        <li key={generationId} className="space-y-1 py-3 text-sm leading-relaxed first:pt-0 last:pb-0">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted-foreground text-xs">
            <Link href={`/admin/feedback?version=${encodeURIComponent(versionId)}`} className="break-all underline">
              {versionId}
            </Link>
            <time dateTime={createdAt.toISOString()}>{date(createdAt)}</time>
            {thumb && (
              <span className={thumb === 'up' ? 'text-primary-strong' : 'text-danger'}>
                {thumb === 'up' ? (
                  <ThumbsUp aria-hidden className="inline size-3.5" />
                ) : (
                  <ThumbsDown aria-hidden className="inline size-3.5" />
                )}{' '}
                {t(`thumbs.${thumb}`)}
              </span>
            )}
          </p>
          <p className="text-muted-foreground [overflow-wrap:anywhere]">{question}</p>
          <p className="[overflow-wrap:anywhere]">{answer}</p>
        </li>
      ))}
    </ul>
  );
}
