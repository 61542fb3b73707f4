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
      <p className="mt-2 whitespace-pre-wrap text-sm leading-relaxed [overflow-wrap:anywhere]">
        {current ? wordsOf(item.kind, current.value, item) : t('gone')}
      </p>
      <About {...item} />
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
        {item.canChange && current && <ChangeGiven item={item} given={given} />}
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

/** The beginnings of the message and of the answers that were judged, by the names that the words above use. */
function About({ question, answers, pairSource }: Pick<GivenData, 'question' | 'answers' | 'pairSource'>) {
  const t = useTranslations('ownFeedback');
  const f = useTranslations('feedback');
  const nameOf = (at: number) => {
    if (answers.length === 1) return f('theAnswer');
    if (pairSource) return t(`pair.${pairSource}.${at === 0 ? 'left' : 'right'}`);
    return f('answerNumber', { number: at + 1 });
  };
  const lines = [
    ...(question ? [{ name: t('question'), text: question }] : []),
    ...answers.map(({ text }, at) => ({ name: nameOf(at), text })),
  ];
  if (lines.length === 0) return null;
  return (
    <dl className="mt-2 space-y-1 text-sm">
      {lines.map(({ name, text }) => (
        <div key={name} className="flex gap-3 max-sm:flex-col max-sm:gap-0">
          <dt className="shrink-0 text-muted-foreground sm:w-32">{name}</dt>
          <dd className="min-w-0 [overflow-wrap:anywhere]">{text || t('emptyAnswer')}</dd>
        </div>
      ))}
    </dl>
  );
}
