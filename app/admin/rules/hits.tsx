'use client';

// The last texts that a rule hit, each of which can be marked as a false hit.
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Excerpt } from '@/app/admin/rules/excerpt';
import { useRuleWords } from '@/app/admin/rules/use-rule-words';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { Notice } from '@/app/ui/notice';

export function RuleHits({ id }: { id: string }) {
  const t = useTranslations('rules');
  const words = useRuleWords();
  const admin = useTranslations('admin');
  const { date } = useFormats();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const hits = useInfiniteQuery(
    trpc.rule.hits.infiniteQueryOptions({ id }, { getNextPageParam: (page) => page.nextCursor }),
  );
  const mark = useMutation(
    trpc.rule.markFalse.mutationOptions({
      onSettled: () => client.invalidateQueries({ queryKey: trpc.rule.pathKey() }),
    }),
  );
  const items = hits.data?.pages.flatMap((page) => page.items) ?? [];
  const hidden = hits.data?.pages[0]?.hidden ?? 0;
  return (
    <Card title={t('hits')}>
      <div className="space-y-3 text-sm">
        <p className="max-w-prose text-muted-foreground">{t('hitsText')}</p>
        {[hits.error, mark.error].map(
          (error, at) =>
            error && (
              <Notice key={at} kind="error">
                {sentenceOf(error)}
              </Notice>
            ),
        )}
        {mark.data && <Notice kind="info">{mark.data.isExample ? t('isExample') : t('isNoExample')}</Notice>}
        {hits.data && items.length === 0 && <p>{t('noHits')}</p>}
        {hidden > 0 && <p className="text-muted-foreground">{t('hiddenHits', { count: hidden })}</p>}
        <ul className="divide-y divide-border">
          {items.map((hit) => (
            <li key={hit.id} className="space-y-2 py-3">
              <div className="flex flex-wrap items-center gap-2 text-muted-foreground">
                <span>{hit.scope === 'input' ? t('inMessage') : t('inAnswer')}</span>
                <span>{date(hit.createdAt)}</span>
                {hit.action && <Badge tone="plain">{words.value(hit.scope, hit.action)}</Badge>}
                {hit.isGivenUp && <Badge tone="plain">{t('givenUp')}</Badge>}
                {hit.falseMark ? (
                  <Badge tone="bad">{t('falseHit')}</Badge>
                ) : (
                  <Button
                    size="small"
                    className="ml-auto"
                    aria-label={t('markFalseNamed', {
                      text: hit.excerpt.text.slice(hit.excerpt.start, hit.excerpt.end),
                    })}
                    isBusy={mark.isPending && mark.variables.id === hit.id}
                    onClick={() => mark.mutate({ id: hit.id })}
                  >
                    {t('falseHit')}
                  </Button>
                )}
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
    </Card>
  );
}
