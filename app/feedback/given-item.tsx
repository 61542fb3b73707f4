'use client';

// One thing that a person gave: about which answer, what it says, how to change it or take it back, and who learned it.
import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import { useFormatter, useTranslations } from 'next-intl';
import { useState } from 'react';
import { SavedNote } from '@/app/chat/rating/saved-note';
import { type Said, useGiven } from '@/app/chat/rating/use-given';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Badge } from '@/app/ui/badge';
import { Button } from '@/app/ui/button';
import type { Feedback, FeedbackSubject } from '@/core/feedback/feedback';
import { ChangeGiven } from './change-given';
import { Learners } from './learners';
import { subjectOf } from './subject';
import type { GivenData } from './types';
import { useWords } from './use-words';

export function GivenItem({ item }: { item: GivenData }) {
  const t = useTranslations('ownFeedback');
  const f = useTranslations('feedback');
  const kinds = useTranslations('feedbackKinds');
  const format = useFormatter();
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const wordsOf = useWords();
  // The page keeps what was taken back in view, so that it can be undone here.
  const give = useMutation(trpc.feedback.give.mutationOptions());
  const withdraw = useMutation(trpc.feedback.withdraw.mutationOptions());
  const about = subjectOf(item);
  const [stored, setStored] = useState<Said | null>({ value: item.value, comment: item.comment });
  const given = useGiven(stored ?? undefined, async (next) => {
    if (next) await give.mutateAsync({ ...about, ...next } as Feedback);
    else await withdraw.mutateAsync(about as FeedbackSubject);
    setStored(next);
  });
  const current = given.current;
  return (
    <li className="rounded-2xl border border-border bg-card p-5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
        <h2 className="font-semibold text-sm">{kinds(item.kind)}</h2>
        <span className="text-muted-foreground text-xs">
          {format.dateTime(item.updatedAt, { dateStyle: 'medium', timeStyle: 'short' })}
        </span>
      </div>
      {item.question && (
        <p className="mt-2 line-clamp-2 text-muted-foreground text-sm [overflow-wrap:anywhere]">
          <span className="sr-only">{t('question')}: </span>
          {item.question}
        </p>
      )}
      <p className="mt-2 whitespace-pre-wrap text-sm leading-relaxed [overflow-wrap:anywhere]">
        {current ? wordsOf(item.kind, current.value, item.answers) : t('gone')}
      </p>
      {current && item.answers.length > 1 && <Compared answers={item.answers} />}
      {current?.comment && (
        <p className="mt-1 text-sm [overflow-wrap:anywhere]">
          <q>{current.comment}</q>
        </p>
      )}
      {item.isExcluded && (
        <p className="mt-2">
          <Badge tone="plain">{t('excluded')}</Badge>
        </p>
      )}
      <div className="mt-3 flex flex-wrap items-center gap-2">
        {item.canChange && current && <ChangeGiven kind={item.kind} given={given} />}
        {item.conversationId && (
          <Link
            href={`/c/${item.conversationId}`}
            className="inline-flex min-h-8 items-center rounded-lg px-2 text-primary-strong text-sm underline underline-offset-3 pointer-coarse:min-h-11"
          >
            {t('open')}
          </Link>
        )}
        {item.canChange && current && (
          <Button size="small" variant="quiet" isBusy={given.isSaving} onClick={given.remove}>
            {f('takeBack')}
          </Button>
        )}
      </div>
      {(given.lastAct || Boolean(given.error)) && (
        <SavedNote
          text={given.lastAct ? t(given.lastAct.did) : ''}
          {...(given.lastAct && { undo: { label: f('undo'), isBusy: given.isSaving, onUndo: given.undo } })}
          error={given.error ? `${f('notSaved')} ${sentenceOf(given.error)}` : null}
        />
      )}
      <Learners learners={item.learnedBy} keptOut={item.keptOut} isGone={!current} />
      {current && (
        <Link
          href={`/feedback/${item.id}`}
          className="mt-2 inline-flex min-h-8 items-center rounded-lg text-primary-strong text-xs underline underline-offset-3 pointer-coarse:min-h-11"
        >
          {t('trace')}
        </Link>
      )}
    </li>
  );
}

/** The beginnings of the answers that were judged together, by the letters or numbers that the words above use. */
function Compared({ answers }: Pick<GivenData, 'answers'>) {
  const t = useTranslations('feedback');
  const nameOf = (at: number) => {
    if (answers.length === 2) return t(at === 0 ? 'left' : 'right');
    return t('answerNumber', { number: at + 1 });
  };
  return (
    <dl className="mt-2 space-y-1 text-muted-foreground text-sm">
      {answers.map(({ generationId, text }, at) => (
        <div key={generationId} className="flex gap-2">
          <dt className="shrink-0 font-medium">{nameOf(at)}</dt>
          <dd className="line-clamp-2 [overflow-wrap:anywhere]">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
