'use client';

// The controls that narrow the list of feedback; the rarer ones are folded away until they are needed.
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Choice } from '@/app/admin/choice';
import { useFlaws } from '@/app/chat/rating/use-flaws';
import { REASONS } from '@/app/feedback/use-words';
import { useTRPC } from '@/app/lib/trpc';
import { Button } from '@/app/ui/button';
import { TextField } from '@/app/ui/field';
import { FEEDBACK_KINDS, FEEDBACK_SOURCES } from '@/core/feedback/kinds';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import type { RouterInputs } from '@/server/routers';

export type FeedbackFilter = Omit<RouterInputs['admin']['feedback'], 'cursor' | 'direction'>;

const MARKS = ['up', 'down', 'comment', 'reason'] as const satisfies FeedbackFilter['mark'][];
const CONSENTS = ['from_start', 'later', 'withheld'] as const satisfies FeedbackFilter['consent'][];
const EXCLUDED = ['no', 'yes'] as const;

interface FiltersProps {
  filter: FeedbackFilter;
  onChange: (filter: FeedbackFilter) => void;
}

export function Filters({ filter, onChange }: FiltersProps) {
  const t = useTranslations('adminFeedback');
  const kinds = useTranslations('feedbackKinds');
  const trpc = useTRPC();
  const versions = useQuery(trpc.version.names.queryOptions());
  const reasons = useReasons();
  const { text, kind, versionId, snapshotId, ...rarer } = filter;
  const set = (change: Partial<FeedbackFilter>) =>
    onChange(
      Object.fromEntries(
        Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined),
      ) as FeedbackFilter,
    );
  const excluded = filter.isExcluded === undefined ? undefined : filter.isExcluded ? 'yes' : 'no';
  return (
    <search className="space-y-3">
      <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2 lg:grid-cols-[2fr_1fr_1fr] items-end">
        <div className="sm:col-span-2 lg:col-span-1">
          <TextField
            label={t('text')}
            type="search"
            maxLength={TEXT_LIMITS.search}
            value={text ?? ''}
            onChange={(event) => set({ text: event.target.value || undefined })}
          />
        </div>
        <Choice
          label={t('kind')}
          value={kind}
          options={FEEDBACK_KINDS.map((one) => [one, kinds(one)])}
          onChange={(one) => set({ kind: one })}
        />
        <Choice
          label={t('version')}
          value={versionId}
          options={versions.data?.map(({ id }) => [id, id]) ?? []}
          onChange={(id) => set({ versionId: id })}
        />
      </div>
      <details open={Object.keys(rarer).length > 0}>
        <summary className="w-fit rounded py-1 text-primary-strong text-sm">{t('moreFilters')}</summary>
        <div className="mt-2 grid gap-x-4 gap-y-3 sm:grid-cols-2 lg:grid-cols-3 items-end">
          <TextField
            label={t('rater')}
            type="search"
            maxLength={TEXT_LIMITS.search}
            value={filter.rater ?? ''}
            onChange={(event) => set({ rater: event.target.value || undefined })}
          />
          <Choice label={t('reason')} value={filter.reason} options={reasons} onChange={(reason) => set({ reason })} />
          <Choice
            label={t('mark')}
            value={filter.mark}
            options={MARKS.map((mark) => [mark, t(`marks.${mark}`)])}
            onChange={(mark) => set({ mark })}
          />
          <Choice
            label={t('source')}
            value={filter.source}
            options={FEEDBACK_SOURCES.map((source) => [source, t(`sources.${source}`)])}
            onChange={(source) => set({ source })}
          />
          <Choice
            label={t('consent')}
            value={filter.consent}
            options={CONSENTS.map((consent) => [consent, t(`consents.${consent}`)])}
            onChange={(consent) => set({ consent })}
          />
          <Choice
            label={t('exclusion')}
            value={excluded}
            options={EXCLUDED.map((is) => [is, t(`exclusions.${is}`)])}
            onChange={(is) => set({ isExcluded: is === undefined ? undefined : is === 'yes' })}
          />
        </div>
      </details>
      {(snapshotId || Object.keys(filter).length > 0) && (
        <div className="flex flex-wrap items-center gap-2 text-sm">
          {snapshotId && (
            <Link
              href={`/admin/snapshots/${snapshotId}`}
              className="rounded text-primary-strong underline underline-offset-4"
            >
              {t('inSnapshot', { id: snapshotId.slice(0, 8) })}
            </Link>
          )}
          <Button size="small" variant="quiet" onClick={() => onChange({})}>
            <X aria-hidden className="size-4" />
            {t('clear')}
          </Button>
        </div>
      )}
    </search>
  );
}

/** Reasons of thumbs, and flaws, which have the same words where they have the same id. */
function useReasons(): [id: string, label: string][] {
  const f = useTranslations('feedback');
  const named = new Map<string, string>(REASONS.map((id) => [id, f(`reasons.${id}`)]));
  for (const { id, label } of useFlaws()) named.set(id, label);
  return [...named];
}
