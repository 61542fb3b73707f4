'use client';

// What raters said about one task.
import { useLocale, useTranslations } from 'next-intl';
import type { AnswerData, QuestionData } from '@/app/rate/types';
import { choicesOf } from '@/app/rate/work/choices';
import { useOptions } from '@/app/rate/work/questions';
import { useChoiceLabel } from '@/app/rate/work/use-choice-label';

interface VotesProps {
  completions: readonly string[];
  questions: readonly QuestionData[] | null;
  /** Raters are numbered where they have no names. */
  votes: readonly { answer: AnswerData; comment: string | null; rater?: string }[];
}

export function Votes({ completions, questions, votes }: VotesProps) {
  const t = useTranslations('rate');
  const locale = useLocale() as 'en' | 'ja';
  const labelOf = useChoiceLabel();
  const optionsOf = useOptions();
  const wordsOf = (answer: AnswerData): string => {
    if (answer.kind === 'rank')
      return answer.value.order.map((group) => group.map((at) => at + 1).join(' = ')).join(' > ');
    if (answer.kind === 'questionnaire')
      return (questions ?? [])
        .map((question) => {
          const said = answer.value.answers[question.id];
          const option = optionsOf(question).find((one) => one.answer === said);
          return `${question.text[locale]} ${option?.label ?? '–'}`;
        })
        .join(' · ');
    const choices = choicesOf({ answerKind: answer.kind, completions }, answer);
    const chosen = choices.find(({ isChosen }) => isChosen);
    if (chosen) return labelOf(chosen);
    return answer.kind === 'compare' ? t(`sides.${answer.value.choice}`) : '';
  };
  return (
    <ul className="space-y-2 text-sm">
      {votes.map(({ answer, comment, rater }, at) => (
        <li key={at}>
          <span className="font-medium">{rater ?? t('otherRater', { rank: at + 1 })}:</span> {wordsOf(answer)}
          {comment && <p className="text-muted-foreground">{comment}</p>}
        </li>
      ))}
    </ul>
  );
}
