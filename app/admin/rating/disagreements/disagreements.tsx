'use client';

// The tasks on which raters disagree, with what each said, and the way to decide.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { useTRPC } from '@/app/lib/trpc';
import { titleOf } from '@/app/rate/work/material';
import { Votes } from '@/app/rate/work/votes';
import { buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { EmptyState } from '@/app/ui/empty-state';

export function Disagreements() {
  const t = useTranslations('ratingAdmin');
  const rate = useTranslations('rate');
  const trpc = useTRPC();
  const query = useQuery(trpc.ratingAdmin.disagreements.queryOptions());
  return (
    <Loaded query={query}>
      {(items) =>
        items.length === 0 ? (
          <EmptyState>{t('noDisagreements')}</EmptyState>
        ) : (
          <ul className="space-y-4">
            {items.map(({ taskId, kind, prompt, completions, questions, votes }, at) => (
              <li key={taskId}>
                <Card
                  title={t('numbered', { number: at + 1, kind: rate(`kinds.${kind}`) })}
                  actions={
                    <Link href={`/rate/work?task=${taskId}`} className={buttonClass('primary', 'small')}>
                      <span aria-hidden>{t('decide')}</span>
                      <span className="sr-only">{t('decideNamed', { prompt })}</span>
                    </Link>
                  }
                >
                  <p dir="auto" className="break-words text-muted-foreground text-sm">
                    {prompt}
                  </p>
                  <ol className="my-3 grid gap-3 md:grid-cols-2">
                    {completions.map((text, place) => (
                      <li
                        key={place}
                        dir="auto"
                        className="whitespace-pre-wrap break-words rounded-xl bg-muted p-3 text-sm"
                      >
                        <span className="mb-1 block text-muted-foreground text-xs">
                          {titleOf(rate, completions.length, place)}
                        </span>
                        {text}
                      </li>
                    ))}
                  </ol>
                  <Votes completions={completions} questions={questions} votes={votes} />
                </Card>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
