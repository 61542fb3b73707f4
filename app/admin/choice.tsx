'use client';

// A labelled list of choices that narrow something; the first one narrows nothing.
import { useTranslations } from 'next-intl';
import { Field, SELECT } from '@/app/ui/field';

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value | undefined;
  options: readonly (readonly [value: Value, label: string])[];
  onChange: (value: Value | undefined) => void;
}

export function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  const t = useTranslations('adminFeedback');
  return (
    <Field label={label}>
      {(control) => (
        <select
          {...control}
          className={SELECT}
          value={value ?? ''}
          onChange={(event) => onChange((event.target.value as Value | '') || undefined)}
        >
          <option value="">{t('all')}</option>
          {options.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
