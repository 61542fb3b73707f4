'use client';

// One item of feedback: what it says, who gave it, the message and the answers that it is about, and what became of it.
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { Exclusion } from '@/app/admin/feedback/exclusion';
import { JudgedAnswers } from '@/app/admin/feedback/judged-answers';
import { QuestionnaireAnswers } from '@/app/admin/feedback/questionnaire-answers';
import { useFormats } from '@/app/admin/format';
import { Quoted } from '@/app/admin/quoted';
import type { FeedbackData } from '@/app/admin/types';
import { useWords } from '@/app/feedback/use-words';
import { Badge } from '@/app/ui/badge';
import { buttonClass } from '@/app/ui/button';
import type { FeedbackValue } from '@/core/feedback/kinds';

interface JudgementProps {
  judgement: FeedbackData;
  /** Shows what this person gave. */
  onAskRater: (rater: string) => void;
}

export function Judgement({ judgement, onAskRater }: JudgementProps) {
  const t = useTranslations('adminFeedback');
  const kinds = useTranslations('feedbackKinds');
  const admin = useTranslations('admin');
  const { date } = useFormats();
  const { id, kind, comment, question, rater, source, consentedLater, updatedAt, excluded } = judgement;
  const name = rater.isGuest ? `${admin('roleGuest')} ${rater.id.slice(0, 6)}` : rater.name;
  return (
    <article className="rounded-2xl border border-border bg-card p-5">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="font-semibold text-sm">{kinds(kind)}</h2>
        {excluded && <Badge tone="bad">{t('isExcluded')}</Badge>}
        {rater.isBanned && <Badge tone="bad">{t('isBanned')}</Badge>}
        <time dateTime={updatedAt.toISOString()} className="text-muted-foreground text-xs sm:ml-auto">
          {date(updatedAt)}
        </time>
      </div>
      <p className="mt-1 flex flex-wrap gap-x-1.5 text-muted-foreground text-xs">
        <button
          type="button"
          className="min-h-6 rounded text-primary-strong underline underline-offset-4 [overflow-wrap:anywhere]"
          onClick={() => onAskRater(rater.isGuest ? rater.id : rater.name)}
        >
          <span className="sr-only">{t('askRater')} </span>
          {name}
        </button>
        <span className="leading-6">· {t(`sources.${source}`)}</span>
        {consentedLater && <span className="leading-6">· {t('consentedLater', { date: date(consentedLater) })}</span>}
      </p>
      <Said judgement={judgement} />
      {comment && (
        <blockquote className="mt-3 whitespace-pre-wrap border-primary border-l-2 pl-3 text-sm [overflow-wrap:anywhere]">
          {comment}
        </blockquote>
      )}
      <h3 className="mt-4 text-muted-foreground text-xs">{t('question')}</h3>
      <Quoted text={question} label={t('question')}>
        {question}
      </Quoted>
      <JudgedAnswers judgement={judgement} />
      {excluded && (
        <p className="mt-4 text-danger text-sm [overflow-wrap:anywhere]">
          {t('excludedSince', { date: date(excluded.at), by: excluded.by ?? admin('product') })}
          {excluded.reason && ` ${t('because', { reason: excluded.reason })}`}
        </p>
      )}
      <div className="mt-4 flex flex-wrap gap-2 border-border border-t pt-4">
        <Link href={`/feedback/${id}`} className={buttonClass('quiet', 'small')}>
          {t('trace')}
        </Link>
        <Exclusion judgement={judgement} name={name} />
      </div>
    </article>
  );
}

/** In words, as far as the texts below do not say it. */
function Said({ judgement: { kind, value, answers, questionnaire } }: { judgement: FeedbackData }) {
  const wordsOf = useWords();
  if (kind === 'correction' || kind === 'demonstration') return null;
  if (kind === 'questionnaire')
    return (
      questionnaire && (
        <QuestionnaireAnswers questionnaire={questionnaire} value={value as FeedbackValue<'questionnaire'>} />
      )
    );
  const words = wordsOf(kind, value, { answers, pairSource: 'side_by_side' });
  if (kind === 'thumb') {
    const { up } = value as FeedbackValue<'thumb'>;
    const Icon = up ? ThumbsUp : ThumbsDown;
    return (
      <p className="mt-3 flex items-start gap-2 font-medium text-sm">
        <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${up ? 'text-primary' : 'text-danger'}`} />
        {words}
      </p>
    );
  }
  return <p className="mt-3 whitespace-pre-wrap font-medium text-sm [overflow-wrap:anywhere]">{words}</p>;
}
