'use client';

// Changes what can be changed without the answer in view: a thumb, a rating, a choice. The rest is changed in the chat.
import { useTranslations } from 'next-intl';
import type { GivenControl } from '@/app/chat/rating/use-given';
import { CONTROL } from '@/app/ui/field';
import { CHOICES, type FeedbackValue, HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import type { GivenData } from './types';
import { useChoiceWords } from './use-words';

const RATINGS = Array.from({ length: HIGHEST_RATING - LOWEST_RATING + 1 }, (_, i) => String(LOWEST_RATING + i));
const THUMBS = ['up', 'down'] as const;

interface ChangeGivenProps {
  item: GivenData;
  given: GivenControl;
}

export function ChangeGiven({ item: { kind, pairSource }, given }: ChangeGivenProps) {
  const t = useTranslations('ownFeedback');
  const f = useTranslations('feedback');
  const choiceOf = useChoiceWords();
  const value: unknown = given.current?.value;
  if (kind === 'thumb') {
    const { up } = value as FeedbackValue<'thumb'>;
    return (
      <Select
        label={t('change')}
        value={up ? 'up' : 'down'}
        options={THUMBS.map((thumb) => ({ value: thumb, label: t(thumb) }))}
        onChange={(thumb) => given.save({ up: thumb === 'up', reasons: [] })}
      />
    );
  }
  if (kind === 'rating') {
    const { rating } = value as FeedbackValue<'rating'>;
    return (
      <Select
        label={t('change')}
        value={String(rating)}
        options={RATINGS.map((step) => ({ value: step, label: f('ratingOf', { rating: Number(step) }) }))}
        onChange={(step) => given.save({ rating: Number(step) })}
      />
    );
  }
  if (kind === 'comparison') {
    const { choice } = value as FeedbackValue<'comparison'>;
    return (
      <Select
        label={t('change')}
        value={choice}
        options={CHOICES.map((one) => ({ value: one, label: choiceOf({ choice: one }, pairSource) }))}
        onChange={(one) => given.save({ choice: one })}
      />
    );
  }
  return null;
}

interface SelectProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

function Select<Value extends string>({ label, value, options, onChange }: SelectProps<Value>) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value as Value)}
      className={`${CONTROL} h-9 w-auto max-w-full pointer-coarse:h-11`}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
