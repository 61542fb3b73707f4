'use client';

// One task: what it is about, the answer's form with its keys, and the guideline beside it.
import { useLocale, useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import { Markdown } from '@/app/chat/turn/markdown';
import { ENTER, isCancelKey, isSubmitKey } from '@/app/lib/keys';
import type { AnswerData, SkipReason, TaskData } from '@/app/rate/types';
import { choicesOf, isComplete } from '@/app/rate/work/choices';
import { KeyButton } from '@/app/rate/work/key-button';
import { LockNote } from '@/app/rate/work/lock-note';
import { Material } from '@/app/rate/work/material';
import { Questions } from '@/app/rate/work/questions';
import { Skip } from '@/app/rate/work/skip';
import { useChoiceLabel } from '@/app/rate/work/use-choice-label';
import { useKeys } from '@/app/rate/work/use-keys';
import { buttonClass } from '@/app/ui/button';
import { Card } from '@/app/ui/card';
import { TextArea } from '@/app/ui/field';
import { TEXT_LIMITS } from '@/core/text/text-limits';

export interface Moves {
  answer: (answer: AnswerData, comment: string | null) => void;
  skip: (reason: SkipReason) => void;
  back: () => void;
  forward: () => void;
  undo: () => void;
}

interface TaskProps {
  task: TaskData;
  /** Nothing came before it, so the page's own beginning keeps the focus. */
  isFirst: boolean;
  /** It has been answered; the rater has gone back to it. */
  isPast: boolean;
  isBusy: boolean;
  moves: Moves;
}

export function Task({ task, isFirst, isPast, isBusy, moves }: TaskProps) {
  const t = useTranslations('rate');
  const locale = useLocale() as 'en' | 'ja';
  const labelOf = useChoiceLabel();
  const [answer, setAnswer] = useState<AnswerData | null>(() => task.given?.answer ?? firstAnswer(task));
  const [comment, setComment] = useState(() => commentOf(task));
  const [isSkipping, setIsSkipping] = useState(false);
  const writing = useRef<HTMLTextAreaElement>(null);
  const commenting = useRef<HTMLTextAreaElement>(null);
  const start = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isFirst) start.current?.focus();
  }, [isFirst]);
  const choices = choicesOf(task, answer);
  const isReady = isComplete(task, answer) && !isBusy;
  const { answerKind } = task;
  const isWritten = answerKind === 'write' || answerKind === 'correct';

  const submit = () => {
    if (!isReady) return;
    const said = comment.trim() === '' ? null : comment;
    if (answer?.kind === 'review')
      moves.answer({ ...answer, value: { ...answer.value, ...(said && { reason: said }) } }, null);
    else moves.answer(answer ?? { kind: 'questionnaire', value: { answers: {} } }, said);
  };
  const focus = (field: HTMLTextAreaElement | null) => {
    field?.focus();
    return field !== null;
  };
  useKeys((key, target) => {
    if (isSkipping) return false;
    const chosen = choices.find((choice) => choice.key === key);
    if (chosen) setAnswer(chosen.next);
    else if (key === ENTER) {
      // Enter on any other button or link presses that.
      if (target.closest('button:not([data-choice]), a, summary')) return false;
      submit();
    } else if (key === 'b') isBusy || moves.back();
    else if (key === 's' && !isPast) setIsSkipping(true);
    else if (key === 'n' && isPast) moves.forward();
    else if (key === 'u' && isPast) isBusy || moves.undo();
    else if (key === 'w') return focus(writing.current);
    else if (key === 'c') return focus(commenting.current);
    else return false;
    return true;
  });
  const onFieldKey = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (isCancelKey(event)) event.currentTarget.blur();
    if (isSubmitKey(event)) submit();
  };

  return (
    <div className="group/keys grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <section
        ref={start}
        tabIndex={-1}
        aria-label={t('taskLabel', { ask: t(`asks.${task.kind}`) })}
        className="min-w-0 scroll-mt-4 space-y-4 outline-none"
      >
        <Material task={task} />
        <Card
          title={t(`asks.${task.kind}`)}
          actions={
            // Beside the task on wide screens, below it on narrow ones.
            <a href="#guideline" className={`${buttonClass('quiet', 'small')} lg:hidden`}>
              {t('guideline')}
            </a>
          }
        >
          <div className="space-y-4">
            {choices.length > 0 && (
              <fieldset className="flex flex-wrap gap-2">
                <legend className={task.kind === 'adjudicate' ? 'mb-2 text-sm' : 'sr-only'}>
                  {t(`asks.${answerKind}`)}
                </legend>
                {choices.map((choice) => (
                  <KeyButton
                    key={choice.key}
                    shortcut={choice.key}
                    data-choice
                    isChosen={choice.isChosen}
                    onClick={() => setAnswer(choice.next)}
                  >
                    {labelOf(choice)}
                  </KeyButton>
                ))}
              </fieldset>
            )}
            {task.answerKind === 'questionnaire' && task.questions && (
              <Questions
                questions={task.questions}
                answers={answer?.kind === 'questionnaire' ? answer.value.answers : {}}
                onAnswer={(id, given) =>
                  setAnswer((now) => ({
                    kind: 'questionnaire',
                    value: { answers: { ...(now?.kind === 'questionnaire' ? now.value.answers : {}), [id]: given } },
                  }))
                }
              />
            )}
            {isWritten && (
              <TextArea
                ref={writing}
                label={t('yourText')}
                keyHint={t('textHint')}
                rows={8}
                dir="auto"
                value={answer?.kind === answerKind ? answer.value.text : ''}
                onKeyDown={onFieldKey}
                onChange={(event) => setAnswer({ kind: answerKind, value: { text: event.target.value } })}
              />
            )}
            <TextArea
              ref={commenting}
              label={t(answerKind === 'review' ? 'reason' : 'comment')}
              keyHint={t('commentHint')}
              rows={2}
              dir="auto"
              maxLength={TEXT_LIMITS.comment}
              value={comment}
              onKeyDown={onFieldKey}
              onChange={(event) => setComment(event.target.value)}
            />
            {!isPast && <LockNote until={task.lockedUntil} />}
            <div className="flex flex-wrap gap-2">
              <KeyButton shortcut="Enter" variant="primary" disabled={!isReady} isBusy={isBusy} onClick={submit}>
                {t(isPast ? 'change' : 'submit')}
              </KeyButton>
              <KeyButton shortcut="B" disabled={isBusy} onClick={moves.back}>
                {t('back1')}
              </KeyButton>
              {isPast ? (
                <>
                  <KeyButton shortcut="N" disabled={isBusy} onClick={moves.forward}>
                    {t('nextTask')}
                  </KeyButton>
                  <KeyButton shortcut="U" disabled={isBusy} onClick={moves.undo}>
                    {t('undo')}
                  </KeyButton>
                </>
              ) : (
                <KeyButton shortcut="S" disabled={isBusy} onClick={() => setIsSkipping(true)}>
                  {t('skip')}
                </KeyButton>
              )}
            </div>
            <Skip isOpen={isSkipping} onClose={() => setIsSkipping(false)} onSkip={moves.skip} />
          </div>
        </Card>
      </section>
      <Card
        id="guideline"
        title={t('guideline')}
        className="lg:sticky lg:top-4 lg:max-h-[calc(100dvh-2rem)] lg:overflow-y-auto"
      >
        {task.guideline ? (
          <>
            <Markdown text={task.guideline.text[locale]} isStreaming={false} />
            <p className="mt-3 text-muted-foreground text-xs">
              {t('guidelineVersion', { version: task.guideline.version })}
            </p>
          </>
        ) : (
          <p className="text-muted-foreground text-sm">{t('noGuideline')}</p>
        )}
      </Card>
    </div>
  );
}

/** A correction begins with the text that is corrected. */
const firstAnswer = ({ answerKind, completions }: TaskData): AnswerData | null =>
  answerKind === 'correct' ? { kind: 'correct', value: { text: completions[0] ?? '' } } : null;

const commentOf = ({ given }: TaskData): string =>
  (given?.answer.kind === 'review' ? given.answer.value.reason : given?.comment) ?? '';
