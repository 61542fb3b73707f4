'use client';

// The answers that an item of feedback is about, with marked flaws, and the text that a person wrote beside them.
import { clsx } from 'clsx';
import { Check } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { markPieces } from '@/app/admin/feedback/marked-pieces';
import { Quoted } from '@/app/admin/quoted';
import type { FeedbackData } from '@/app/admin/types';
import { useFlaws } from '@/app/chat/rating/use-flaws';
import type { FeedbackValue, Flaw } from '@/core/feedback/kinds';

export function JudgedAnswers({ judgement: { kind, value, answers } }: { judgement: FeedbackData }) {
  const kinds = useTranslations('feedbackKinds');
  const t = useTranslations('adminFeedback');
  const f = useTranslations('feedback');
  const written =
    kind === 'correction' || kind === 'demonstration' ? (value as FeedbackValue<'correction'>).text : null;
  const flaws = kind === 'flaws' ? (value as FeedbackValue<'flaws'>).flaws : [];
  const nameOf = (at: number) => {
    if (kind === 'comparison') return f(at === 0 ? 'left' : 'right');
    return answers.length > 1 ? f('answerNumber', { number: at + 1 }) : t('answer');
  };
  const boxes = answers.length + (written === null ? 0 : 1);
  return (
    <div className={clsx('mt-4 grid gap-4', boxes > 1 && 'md:grid-cols-2')}>
      {answers.map(({ generationId, text, versionId, isPreferred }, at) => (
        <div key={generationId} className="min-w-0">
          <h3 className="flex flex-wrap items-center gap-1.5 text-muted-foreground text-xs">
            {nameOf(at)}
            {versionId && <span className="break-all">· {versionId}</span>}
            {isPreferred && (
              <span className="inline-flex items-center gap-1 font-medium text-primary-strong">
                <Check aria-hidden className="size-3.5" />
                {t('preferred')}
              </span>
            )}
          </h3>
          <Quoted text={text} label={nameOf(at)}>
            {flaws.length > 0 ? <Marked text={text} flaws={flaws} /> : text}
          </Quoted>
        </div>
      ))}
      {written !== null && (
        <div className="min-w-0">
          <h3 className="text-muted-foreground text-xs">{kinds(kind)}</h3>
          <Quoted text={written} label={kinds(kind)}>
            {written}
          </Quoted>
        </div>
      )}
    </div>
  );
}

/** The text with each marked passage followed by the names of its flaws. */
function Marked({ text, flaws }: { text: string; flaws: readonly Flaw[] }) {
  const labels = new Map(useFlaws().map(({ id, label }) => [id, label]));
  return markPieces(text, flaws).map(({ start, end, flaws: here, ending }) =>
    here.length === 0 ? (
      text.slice(start, end)
    ) : (
      <span key={start}>
        <mark className="rounded bg-warning-soft px-0.5 text-foreground">{text.slice(start, end)}</mark>
        {ending.map((flaw) => (
          <span key={flaw} className="mx-1 whitespace-nowrap rounded bg-card px-1 text-warning text-xs">
            {labels.get(flaw) ?? flaw}
          </span>
        ))}
      </span>
    ),
  );
}
