'use client';

// The answers to a questionnaire beside what was asked, and the quality that follows from them.
import { useLocale, useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { FeedbackData } from '@/app/admin/types';
import type { FeedbackValue } from '@/core/feedback/kinds';
import type { Question } from '@/core/feedback/questionnaire';

interface QuestionnaireAnswersProps {
  questionnaire: NonNullable<FeedbackData['questionnaire']>;
  value: FeedbackValue<'questionnaire'>;
}

export function QuestionnaireAnswers({
  questionnaire: { name, version, questions, quality },
  value: { answers },
}: QuestionnaireAnswersProps) {
  const t = useTranslations('adminFeedback');
  const rate = useTranslations('rate');
  const locale = useLocale();
  const { percent } = useFormats();
  const inLocale = (text: Question['text']) => (locale === 'ja' ? text.ja : text.en);
  const answerTo = ({ id, kind, steps = 0, options = [] }: Question) => {
    const answer = answers[id];
    if (kind === 'flaw') return rate(answer === true ? 'yes' : 'no');
    if (kind === 'scale') return t('stepOf', { step: Number(answer), steps });
    const chosen = options.find((option) => option.id === answer);
    return chosen ? inLocale(chosen.text) : '–';
  };
  return (
    <div className="mt-3 text-sm">
      <p className="font-medium">
        {quality === null ? t('noQuality') : t('quality', { quality: percent(quality) })}{' '}
        <span className="font-normal text-muted-foreground text-xs">{t('questionnaire', { name, version })}</span>
      </p>
      <dl className="mt-2 grid gap-x-4 gap-y-1 sm:grid-cols-[minmax(0,1fr)_auto]">
        {questions.map((question) => (
          <div key={question.id} className="contents">
            <dt className="text-muted-foreground">{inLocale(question.text)}</dt>
            <dd>{answerTo(question)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
