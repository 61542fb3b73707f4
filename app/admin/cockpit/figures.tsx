'use client';

// The five figures on the cockpit, with the choice to make them public.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Loaded } from '@/app/admin/loaded';
import { FigureList } from '@/app/figures/figure-list';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Notice } from '@/app/ui/notice';
import { Switch } from '@/app/ui/switch';

const REFRESH_MS = 30_000;

export function CockpitFigures() {
  const t = useTranslations('figures');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const query = useQuery(trpc.admin.figures.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const settings = useQuery(trpc.admin.settings.queryOptions());
  const save = useMutation(
    trpc.admin.setSettings.mutationOptions({
      onSuccess: (saved) => client.setQueryData(trpc.admin.settings.queryKey(), saved),
    }),
  );
  const isPublic = settings.data?.publicFigures ?? false;
  return (
    <section aria-labelledby="figures" className="space-y-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 id="figures" className="font-semibold text-base">
          {t('title')}
        </h2>
        <span className="flex items-center gap-3">
          {isPublic && (
            <Link href="/figures" className="text-sm underline underline-offset-4">
              {t('publicPage')}
            </Link>
          )}
          <Switch
            label={t('public')}
            isOn={isPublic}
            isDisabled={!settings.isSuccess || save.isPending}
            onChange={(publicFigures) => save.mutate({ publicFigures })}
          />
        </span>
      </div>
      {save.error && <Notice kind="error">{sentenceOf(save.error)}</Notice>}
      <Loaded query={query}>
        {(figures) => <FigureList figures={figures} runHref={(id) => `/admin/runs/${id}`} />}
      </Loaded>
    </section>
  );
}
