'use client';

// What the judges said last, with both orders and their words.
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Loaded } from '@/app/admin/loaded';
import type { JudgeLabelData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { Card } from '@/app/ui/card';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { labelOf } from '@/core/judging/verdict';

const EVERY_MS = 10_000;

export function JudgeLabels() {
  const t = useTranslations('judges');
  const trpc = useTRPC();
  const query = useQuery(trpc.judge.labels.queryOptions({ judgeId: null }, { refetchInterval: EVERY_MS }));
  return (
    <Card title={t('last')}>
      <Loaded query={query}>
        {(labels) =>
          labels.length === 0 ? (
            <p className="text-muted-foreground text-sm">{t('noLabels')}</p>
          ) : (
            <ul className="divide-y divide-border">
              {labels.map((label) => (
                <Label key={label.id} label={label} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function Label({ label }: { label: JudgeLabelData }) {
  const t = useTranslations('judges');
  const { date, decimal, metric } = useFormats();
  const { said, feedbackId } = label;
  return (
    <li className="space-y-1.5 py-3 text-sm">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-medium">{verdictOf()}</span>
        <span className="text-muted-foreground text-xs">
          {t('from', {
            judge: label.judgeName,
            model: label.model,
            version: label.constitutionVersion,
            date: date(label.createdAt),
          })}
          {label.price > 0 && ` ${t('price', { price: metric(label.price) })}`}
        </span>
        {feedbackId && (
          <Link className="ml-auto text-xs underline" href={`/feedback/${feedbackId}`}>
            {t('trace')}
          </Link>
        )}
      </p>
      {said.orders && (
        <ul className="space-y-1 text-muted-foreground">
          {said.orders.map(({ isLeftFirst, logOdds, choice, words }) => (
            <li key={String(isLeftFirst)} className="break-words">
              {t(isLeftFirst ? 'leftFirst' : 'rightFirst')}{' '}
              {logOdds === null ? t(`places.${choice}`) : t('odds', { odds: decimal(logOdds) })}
              {words && <q className="ml-1">{words}</q>}
            </li>
          ))}
        </ul>
      )}
      {said.expected !== undefined && (
        <p className="text-muted-foreground">{t('expected', { value: decimal(said.expected) })}</p>
      )}
      {[said.words, said.critique].map(
        (words, at) =>
          words && (
            <p key={at} className="break-words text-muted-foreground">
              <q>{words}</q>
            </p>
          ),
      )}
    </li>
  );

  function verdictOf(): string {
    if (label.missing) return t(`missing.${label.missing}`);
    if (label.kind === 'rating') return t('rated', { rating: (label.value as FeedbackValue<'rating'>).rating });
    if (label.kind === 'correction') return t('corrected');
    const { choice, strength } = labelOf(said.orders!);
    if (strength && choice !== 'tie' && choice !== 'both_bad') return t(`compared.${choice}_${strength}`);
    return t(`compared.${choice}`);
  }
}
