'use client';

// The last texts that a rule hit, each of which can be marked as a false hit, after asking, and the mark taken back.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import { Excerpt } from '@/app/admin/rules/excerpt';
import { useFalseMarks } from '@/app/admin/rules/use-false-marks';
import { useRuleWords } from '@/app/admin/rules/use-rule-words';
import type { RuleHitData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { ConfirmDialog } from '@/app/ui/dialog';
import { Notice } from '@/app/ui/notice';

export function RuleHits({ id }: { id: string }) {
  const t = useTranslations('rules');
  const words = useRuleWords();
  const admin = useTranslations('admin');
  const { date } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const hits = useInfiniteQuery(
    trpc.rule.hits.infiniteQueryOptions({ id }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const { mark, unmark, undo, failing } = useFalseMarks(id);
  const [asked, setAsked] = useState<RuleHitData | null>(null);
  const items = hits.data?.pages.flatMap((page) => page.items) ?? [];
  const hidden = hits.data?.pages[0]?.hidden ?? 0;
  const error = hits.error ?? unmark.error;
  return (
    <Card title={t('hits')}>
      <div className="space-y-3 text-sm">
        <p className="max-w-prose text-muted-foreground">{t('hitsText')}</p>
        {error && <Notice kind="error">{sentenceOf(error)}</Notice>}
        {mark.isSuccess && (
          <Notice
            kind={failing > 0 ? 'warning' : 'info'}
            action={
              <Button size="small" isBusy={unmark.isPending} onClick={() => undo(mark.variables.id)}>
                {t('undo')}
              </Button>
            }
          >
            {t(`marked.${mark.data.example}`)}
            {failing > 0 && ` ${t('failsOwn', { count: failing })}`}
          </Notice>
        )}
        {unmark.isSuccess && <Notice kind="info">{unmark.data.isRestored ? t('undone') : t('undoneMark')}</Notice>}
        {hits.data && items.length === 0 && <p>{t('noHits')}</p>}
        {hidden > 0 && <p className="text-muted-foreground">{t('hiddenHits', { count: hidden })}</p>}
        <ul className="divide-y divide-border">
          {items.map((hit) => (
            <li key={hit.id} className="space-y-2 py-3">
              <div className="flex flex-wrap items-center gap-2 text-muted-foreground">
                <span>{hit.scope === 'input' ? t('inMessage') : t('inAnswer')}</span>
                <span>{date(hit.createdAt)}</span>
                {hit.action && <Badge tone="plain">{words.value(hit.scope, hit.action)}</Badge>}
                {hit.isUnjudged && <Badge tone="busy">{t('results.none')}</Badge>}
                {hit.isGivenUp && <Badge tone="plain">{t('givenUp')}</Badge>}
                {hit.falseMark && <Badge tone="bad">{t('falseHit')}</Badge>}
                <Button
                  size="small"
                  className="ml-auto"
                  aria-label={t(hit.falseMark ? 'undoNamed' : 'markFalseNamed', { text: textOf(hit) })}
                  isBusy={unmark.isPending && unmark.variables.id === hit.id}
                  onClick={() => (hit.falseMark ? undo(hit.id) : setAsked(hit))}
                >
                  {hit.falseMark ? t('undo') : t('falseHit')}
                </Button>
              </div>
              <Excerpt excerpt={hit.excerpt} label={t('hitText')} />
            </li>
          ))}
        </ul>
        {hits.hasNextPage && (
          <Button isBusy={hits.isFetchingNextPage} onClick={() => hits.fetchNextPage()}>
            {admin('more')}
          </Button>
        )}
      </div>
      <ConfirmDialog
        isOpen={asked !== null}
        onOpenChange={() => setAsked(null)}
        title={t('markFalseTitle')}
        text={t(asked && isGone(asked) ? 'markFalseMasked' : 'markFalseText')}
        action={t('markFalseDo')}
        isBusy={mark.isPending}
        error={mark.error && sentenceOf(mark.error)}
        onConfirm={() => mark.mutate({ id: asked!.id }, { onSuccess: () => setAsked(null) })}
      >
        {asked && (
          <p className="mt-3 text-sm">
            <mark className="rounded bg-warning-soft px-0.5 text-foreground [overflow-wrap:anywhere]">
              {textOf(asked)}
            </mark>
          </p>
        )}
      </ConfirmDialog>
    </Card>
  );
}

/** Only the mask of a person's hidden words is stored. */
const isGone = ({ scope, action }: RuleHitData) => scope === 'input' && action === 'mask';

const textOf = ({ excerpt: { text, start, end } }: RuleHitData) => text.slice(start, end);
