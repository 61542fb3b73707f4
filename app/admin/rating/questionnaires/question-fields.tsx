'use client';

// The fields of one question.
import { useTranslations } from 'next-intl';
import type { QuestionData } from '@/app/rate/types';
import { Button } from '@/app/ui/button';
import { Field, SELECT, TextArea, TextField } from '@/app/ui/field';

type Kind = QuestionData['kind'];

/** A question as it is typed; the server checks what becomes of it. */
export interface Draft {
  id: string;
  kind: Kind;
  en: string;
  ja: string;
  weight: string;
  steps: string;
  /** One option a line: id | English | Japanese | quality. */
  options: string;
}

export const draftOf = (question: QuestionData | null): Draft => ({
  id: question?.id ?? '',
  kind: question?.kind ?? 'flaw',
  en: question?.text.en ?? '',
  ja: question?.text.ja ?? '',
  weight: String(question?.weight ?? 0.2),
  steps: String(question?.steps ?? 5),
  options: (question?.options ?? [])
    .map(({ id, text, quality }) => [id, text.en, text.ja, quality].join(' | '))
    .join('\n'),
});

export function questionOf({ id, kind, en, ja, weight, steps, options }: Draft): QuestionData {
  const question = { id: id.trim(), kind, text: { en, ja }, weight: Number(weight) };
  if (kind === 'scale') return { ...question, steps: Number(steps) };
  if (kind !== 'choice') return question;
  const lines = options.split('\n').filter((line) => line.trim() !== '');
  return {
    ...question,
    options: lines.map((line) => {
      const [option = '', english = '', japanese = '', quality = ''] = line.split('|').map((part) => part.trim());
      return { id: option, text: { en: english, ja: japanese }, quality: Number(quality) };
    }),
  };
}

interface QuestionFieldsProps {
  number: number;
  draft: Draft;
  onChange: (draft: Draft) => void;
  onRemove: () => void;
}

export function QuestionFields({ number, draft, onChange, onRemove }: QuestionFieldsProps) {
  const t = useTranslations('ratingAdmin');
  const field = (name: 'id' | 'en' | 'ja' | 'weight' | 'steps') => ({
    value: draft[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => onChange({ ...draft, [name]: event.target.value }),
  });
  return (
    <fieldset className="min-w-0 space-y-3 rounded-xl border border-border p-4">
      <legend className="px-1 font-medium text-sm">{t('question', { number })}</legend>
      <div className="grid gap-3 sm:grid-cols-3">
        <TextField label={t('id')} hint={t('idHint')} maxLength={40} {...field('id')} />
        <Field label={t('questionKind')}>
          {(control) => (
            <select
              {...control}
              className={SELECT}
              value={draft.kind}
              onChange={(event) => onChange({ ...draft, kind: event.target.value as Kind })}
            >
              {(['flaw', 'scale', 'choice'] as const).map((kind) => (
                <option key={kind} value={kind}>
                  {t(`kinds.${kind}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField label={t('weight')} type="number" min={0} max={1} step="any" {...field('weight')} />
      </div>
      <TextField label={t('textEn')} lang="en" maxLength={300} {...field('en')} />
      <TextField label={t('textJa')} lang="ja" maxLength={300} {...field('ja')} />
      {draft.kind === 'scale' && <TextField label={t('steps')} type="number" min={2} max={10} {...field('steps')} />}
      {draft.kind === 'choice' && (
        <TextArea
          label={t('options')}
          rows={3}
          value={draft.options}
          onChange={(event) => onChange({ ...draft, options: event.target.value })}
        />
      )}
      <Button size="small" aria-label={t('removeQuestionNamed', { number })} onClick={onRemove}>
        {t('removeQuestion')}
      </Button>
    </fieldset>
  );
}
