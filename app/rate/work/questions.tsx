'use client';

// A questionnaire, one question in front at a time for the keyboard, with the quality that the answers come to.
import { useLocale, useTranslations } from 'next-intl';
import { useState } from 'react';
import { useFormats } from '@/app/admin/format';
import type { QuestionData } from '@/app/rate/types';
import { KeyButton } from '@/app/rate/work/key-button';
import { useKeys } from '@/app/rate/work/use-keys';
import { type Answers, qualityOf } from '@/core/feedback/quality';

type Answer = Answers[string];

interface QuestionsProps {
  questions: readonly QuestionData[];
  answers: Answers;
  onAnswer: (id: string, answer: Answer) => void;
}

export function Questions({ questions, answers, onAnswer }: QuestionsProps) {
  const t = useTranslations('rate');
  const { percent } = useFormats();
  const locale = useLocale() as 'en' | 'ja';
  const [current, setCurrent] = useState(0);
  const optionsOf = useOptions();
  const answered = questions.filter(({ id }) => answers[id] !== undefined).length;
  const quality = answered > 0 && answered === questions.length ? qualityOf(questions, answers) : null;
  const choose = (at: number, answer: Answer) => {
    onAnswer(questions[at]!.id, answer);
    setCurrent(Math.min(at + 1, questions.length - 1));
  };
  useKeys((key) => {
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      setCurrent((at) => Math.min(questions.length - 1, Math.max(0, at + (key === 'ArrowDown' ? 1 : -1))));
      return true;
    }
    const question = questions[current];
    const option = question && optionsOf(question)[key === '0' ? 9 : Number(key) - 1];
    if (!option) return false;
    choose(current, option.answer);
    return true;
  });
  return (
    <div className="space-y-3">
      <ol className="space-y-3">
        {questions.map((question, at) => (
          <li
            key={question.id}
            aria-current={at === current ? 'step' : undefined}
            className={`rounded-xl border p-3 ${at === current ? 'border-primary' : 'border-border'}`}
          >
            <fieldset className="min-w-0">
              <legend className="mb-2 font-medium text-sm">{question.text[locale]}</legend>
              <div className="flex flex-wrap gap-2">
                {optionsOf(question).map((option, index) => (
                  <KeyButton
                    key={String(option.answer)}
                    size="small"
                    shortcut={String((index + 1) % 10)}
                    data-choice
                    isChosen={answers[question.id] === option.answer}
                    onClick={() => choose(at, option.answer)}
                  >
                    {option.label}
                  </KeyButton>
                ))}
              </div>
            </fieldset>
          </li>
        ))}
      </ol>
      <p className="hidden text-muted-foreground text-xs pointer-fine:block">{t('questionsHint')}</p>
      <div className="space-y-1 text-sm">
        <p role="status">
          {t('quality')}:{' '}
          {quality === null ? (
            t('qualityPending', { answered, count: questions.length })
          ) : (
            <strong className="tabular-nums">{percent(quality)}</strong>
          )}
        </p>
        <p className="text-muted-foreground text-xs">{t('qualityHint')}</p>
      </div>
    </div>
  );
}

/** What may be answered to a question, in words. */
export function useOptions(): (question: QuestionData) => { answer: Answer; label: string }[] {
  const t = useTranslations('rate');
  const locale = useLocale() as 'en' | 'ja';
  return ({ kind, steps = 0, options = [] }) => {
    if (kind === 'flaw')
      return [
        { answer: true, label: t('yes') },
        { answer: false, label: t('no') },
      ];
    if (kind === 'choice') return options.map(({ id, text }) => ({ answer: id, label: text[locale] }));
    return Array.from({ length: steps }, (_, at) => {
      const step = at + 1;
      return {
        answer: step,
        label: step === 1 ? t('worst', { step }) : step === steps ? t('best', { step }) : String(step),
      };
    });
  };
}
