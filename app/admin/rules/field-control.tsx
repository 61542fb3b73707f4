'use client';

// The control of one field of a rule.
import { clsx } from 'clsx';
import { useId } from 'react';
import type { RuleField, Typed } from '@/app/admin/rules/form';
import { useRuleWords } from '@/app/admin/rules/use-rule-words';
import { Field, SELECT, TextArea, TextField } from '@/app/ui/field';
import { Switch } from '@/app/ui/switch';

interface FieldControlProps {
  kind: string;
  field: RuleField;
  value: Typed;
  error: string | null;
  onChange: (value: Typed) => void;
}

const MOST_ROWS = 8;

export function FieldControl({ kind, field, value, error, onChange }: FieldControlProps) {
  const words = useRuleWords();
  const { name, type } = field;
  const told = { label: words.label(name), hint: words.hint(kind, name), error };
  if (type === 'switch')
    return (
      <div className="self-end pb-2">
        <Switch label={told.label} isOn={value as boolean} onChange={onChange} />
      </div>
    );
  if (type === 'checks') return <Checks {...told} field={field} value={value as string[]} onChange={onChange} />;
  const text = value as string;
  if (type === 'select')
    return (
      <Field {...told}>
        {(control) => (
          <select {...control} className={SELECT} value={text} onChange={(event) => onChange(event.target.value)}>
            {field.options.map((option) => (
              <option key={option} value={option}>
                {words.value(name, option)}
              </option>
            ))}
          </select>
        )}
      </Field>
    );
  if (type === 'lines' || type === 'numbers')
    return (
      <TextArea
        {...told}
        rows={Math.min(MOST_ROWS, text.split('\n').length + 1)}
        spellCheck={false}
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  const limits =
    type === 'number'
      ? { type: 'number', min: field.min, max: field.max, step: field.step, required: !field.isNullable }
      : { maxLength: field.most, required: field.isRequired };
  return <TextField {...told} {...limits} value={text} onChange={(event) => onChange(event.target.value)} />;
}

interface ChecksProps {
  label: string;
  hint: string | undefined;
  error: string | null;
  field: Extract<RuleField, { type: 'checks' }>;
  value: readonly string[];
  onChange: (value: readonly string[]) => void;
}

function Checks({ label, hint, error, field: { name, options }, value, onChange }: ChecksProps) {
  const words = useRuleWords();
  const id = useId();
  return (
    <fieldset aria-describedby={hint || error ? id : undefined} className="min-w-0 sm:col-span-2">
      <legend className="mb-1.5 font-medium text-sm">{label}</legend>
      <div className="flex flex-wrap gap-x-5 gap-y-1">
        {options.map((option) => (
          <label key={option} className="inline-flex min-h-8 items-center gap-2 text-sm">
            <input
              type="checkbox"
              className="size-4 accent-primary"
              checked={value.includes(option)}
              onChange={({ target }) =>
                onChange(options.filter((own) => (own === option ? target.checked : value.includes(own))))
              }
            />
            {words.value(name, option)}
          </label>
        ))}
      </div>
      {(error || hint) && (
        <p id={id} className={clsx('mt-1 text-xs', error ? 'text-danger' : 'text-muted-foreground')}>
          {error ?? hint}
        </p>
      )}
    </fieldset>
  );
}
