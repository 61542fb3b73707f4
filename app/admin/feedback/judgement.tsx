'use client';

// One judgement: the rating with its reasons and comment, and the message and answers that it is about.
import { clsx } from 'clsx';
import { Check, Equal, ThumbsDown, ThumbsUp, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { FeedbackData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';

const CHOICES = {
  left: { label: 'leftBetter', icon: Check },
  right: { label: 'rightBetter', icon: Check },
  tie: { label: 'tie', icon: Equal },
  both_bad: { label: 'bothBad', icon: X },
} as const;

export function Judgement({ judgement }: { judgement: FeedbackData }) {
  const t = useTranslations('admin');
  const said = useTranslations('feedback');
  const { date } = useFormats();
  const { answers, comment, reasons, question, updatedAt } = judgement;
  return (
    <article className="rounded-2xl border border-border bg-card p-5">
      <div className="flex flex-wrap items-center gap-2">
        <Verdict judgement={judgement} />
        {reasons.map((reason) => (
          <Badge key={reason} tone="plain">
            {said.has(`reasons.${reason}` as 'reasons.clear') ? said(`reasons.${reason}` as 'reasons.clear') : reason}
          </Badge>
        ))}
        <time dateTime={updatedAt.toISOString()} className="text-muted-foreground text-xs sm:ml-auto">
          {date(updatedAt)}
        </time>
      </div>
      {comment && (
        <blockquote className="mt-4 whitespace-pre-wrap break-words border-primary border-l-2 pl-3 text-sm">
          {comment}
        </blockquote>
      )}
      <h2 className="mt-4 text-muted-foreground text-xs">{t('feedbackQuestion')}</h2>
      <Words text={question} />
      <div className={clsx('mt-4 grid gap-4', answers.length > 1 && 'md:grid-cols-2')}>
        {answers.map(({ text, versionId, isPreferred }, side) => (
          <div key={side} className="min-w-0">
            <h2 className="flex flex-wrap items-center gap-1.5 text-muted-foreground text-xs">
              {answers.length > 1 && <span>{said(side === 0 ? 'left' : 'right')} ·</span>}
              <span className="break-all">{versionId}</span>
              {isPreferred && (
                <span className="inline-flex items-center gap-1 font-medium text-primary-strong">
                  <Check aria-hidden className="size-3.5" />
                  {t('feedbackPreferred')}
                </span>
              )}
            </h2>
            <Words text={text} />
          </div>
        ))}
      </div>
    </article>
  );
}

function Verdict({ judgement: { thumb, choice } }: { judgement: FeedbackData }) {
  const t = useTranslations('admin');
  const said = useTranslations('feedback');
  if (choice) {
    const { label, icon: Icon } = CHOICES[choice];
    return (
      <Badge tone={choice === 'both_bad' ? 'bad' : 'busy'}>
        <Icon aria-hidden className="size-3.5" />
        {said(label)}
      </Badge>
    );
  }
  const Icon = thumb === 1 ? ThumbsUp : ThumbsDown;
  return (
    <Badge tone={thumb === 1 ? 'good' : 'bad'}>
      <Icon aria-hidden className="size-3.5" />
      {t(thumb === 1 ? 'thumbUp' : 'thumbDown')}
    </Badge>
  );
}

/** Long texts scroll in their own frame, which must be reachable with the keyboard. */
function Words({ text }: { text: string }) {
  const t = useTranslations('admin');
  if (text === '') return <p className="mt-1 text-muted-foreground text-sm">{t('feedbackEmpty')}</p>;
  return (
    <div
      tabIndex={text.length > 400 ? 0 : undefined}
      className="mt-1 max-h-48 overflow-y-auto whitespace-pre-wrap break-words rounded-xl bg-muted px-3.5 py-2.5 text-sm"
    >
      {text}
    </div>
  );
}
