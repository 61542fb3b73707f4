'use client';

// One row of a snapshot: what was asked and answered, what was said of it, and how much its rater is trusted.
import { clsx } from 'clsx';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import { Quoted } from '@/app/admin/quoted';
import { useRowKind } from '@/app/admin/snapshots/use-row-kind';
import type { SnapshotRowData } from '@/app/admin/types';
import { useWords } from '@/app/feedback/use-words';
import { Badge } from '@/app/ui/badge';

type Content = NonNullable<SnapshotRowData['content']>;

export function SnapshotRow({ row: { line, kind, split, content, withheld } }: { row: SnapshotRowData }) {
  const t = useTranslations('snapshots');
  const rowKind = useRowKind();
  return (
    <li className="rounded-2xl border border-border bg-card p-5">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="font-semibold text-sm">{rowKind(kind)}</h3>
        <Badge tone={split === 'train' ? 'plain' : 'busy'}>{t(`splits.${split}`)}</Badge>
        <span className="text-muted-foreground text-xs tabular-nums sm:ml-auto">{t('line', { line })}</span>
      </div>
      {content ? (
        <RowContent kind={kind} content={content} />
      ) : (
        <p className="mt-2 text-muted-foreground text-sm">{t(withheld)}</p>
      )}
    </li>
  );
}

function RowContent({ kind, content }: { kind: SnapshotRowData['kind']; content: Content }) {
  const t = useTranslations('snapshots');
  const f = useTranslations('feedback');
  const { percent } = useFormats();
  const wordsOf = useWords();
  const { prompt, completions, said, quality } = content;
  const answers = completions.map(({ text }, at) => ({ generationId: String(at), text: text ?? '' }));
  const nameOf = (at: number) => {
    if (kind === 'comparison') return f(at === 0 ? 'left' : 'right');
    if (kind === 'correction') return t(at === 0 ? 'original' : 'corrected');
    return completions.length > 1 ? f('answerNumber', { number: at + 1 }) : t('answer');
  };
  return (
    <>
      <Origin content={content} />
      {said && (
        <p className="mt-3 whitespace-pre-wrap font-medium text-sm">
          {wordsOf(said.kind, said.value, { answers, pairSource: 'side_by_side' })}
          {quality !== null && `\n${t('quality', { quality: percent(quality) })}`}
        </p>
      )}
      <h4 className="mt-3 text-muted-foreground text-xs">{t('prompt')}</h4>
      <Text text={prompt} label={t('prompt')} />
      <div className={clsx('grid gap-4', completions.length > 1 && 'md:grid-cols-2')}>
        {completions.map(({ text, versionId }, at) => (
          <div key={at} className="mt-3 min-w-0">
            <h4 className="break-all text-muted-foreground text-xs">
              {nameOf(at)}
              {versionId && ` · ${versionId}`}
            </h4>
            <Text text={text} label={nameOf(at)} />
          </div>
        ))}
      </div>
    </>
  );
}

function Origin({ content: { trust, raterId, groups, feedbackId } }: { content: Content }) {
  const t = useTranslations('snapshots');
  const { metric } = useFormats();
  const facts = [
    trust !== null && t('trustOf', { trust: metric(trust) }),
    raterId && t('raterOf', { rater: raterId.slice(0, 8) }),
    ...Object.entries(groups).map(([name, value]) => `${name}: ${value}`),
  ].filter(Boolean);
  if (facts.length === 0 && !feedbackId) return null;
  return (
    <p className="mt-1 text-muted-foreground text-xs [overflow-wrap:anywhere]">
      {facts.join(' · ')}{' '}
      {feedbackId && (
        <Link href={`/feedback/${feedbackId}`} className="rounded text-primary-strong underline underline-offset-4">
          {t('trace')}
        </Link>
      )}
    </p>
  );
}

function Text({ text, label }: { text: string | null; label: string }) {
  const t = useTranslations('snapshots');
  return text === null ? (
    <p className="mt-1 text-muted-foreground text-sm">{t('otherBase')}</p>
  ) : (
    <Quoted text={text} label={label}>
      {text}
    </Quoted>
  );
}
