'use client';

// The control of one setting of a run: its value, what it means, and how to take a change back.
import { RotateCcw } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useId } from 'react';
import { useSettingWords } from '@/app/admin/runs/new/use-setting-words';
import { CONTROL, SELECT } from '@/app/ui/field';
import { Switch } from '@/app/ui/switch';
import type { SettingField } from '@/core/config/fields';
import type { Typed } from './draft';

interface SettingControlProps {
  field: SettingField;
  /** As the preset has it. */
  initial: Typed | null;
  /** undefined where nothing was changed. */
  change: Typed | null | undefined;
  problem: string | null;
  onChange: (change: Typed | null | undefined) => void;
}

export function SettingControl({ field, initial, change, problem, onChange }: SettingControlProps) {
  const t = useTranslations('newRun');
  const words = useSettingWords();
  const id = useId();
  const value = change === undefined ? initial : change;
  const set = (typed: Typed | null) => onChange(typed === initial ? undefined : typed);
  const isNumber = field.type === 'number' || field.type === 'integer';
  const said = [words.range(field), initialSentence(initial, field, t)].filter((part) => part !== null);
  const unit = words.unit(field);
  const described = {
    'aria-describedby': `${id}-text${problem ? ` ${id}-problem` : ''}`,
    'aria-invalid': problem !== null,
  };
  const isOffable = field.isNullable && field.type !== 'group' && field.type !== 'select';
  return (
    <div className="min-w-0" data-setting={field.name}>
      <div className="flex min-h-8 items-center justify-between gap-2">
        {field.type === 'group' || field.type === 'switch' ? (
          <span className="font-medium text-sm" lang={words.language(field)}>
            <Switch label={words.title(field)} isOn={value === true} onChange={set} />
          </span>
        ) : (
          <label htmlFor={id} className="font-medium text-sm">
            <span lang={words.language(field)}>{words.title(field)}</span>
            {unit && <span className="font-normal text-muted-foreground"> ({unit})</span>}
          </label>
        )}
        {change !== undefined && (
          <button
            type="button"
            onClick={() => onChange(undefined)}
            aria-label={t('takeBackNamed', { name: words.title(field) })}
            className="inline-flex items-center gap-1 rounded px-1 py-0.5 text-primary-strong text-xs hover:underline"
          >
            <RotateCcw aria-hidden className="size-3" />
            {t('changed')}
          </button>
        )}
      </div>
      {isOffable && (
        <div className="mb-1">
          <Switch
            label={t('isSet')}
            isOn={value !== null}
            onChange={(isOn) => set(isOn ? (initial ?? firstOf(field)) : null)}
          />
        </div>
      )}
      {field.type === 'select' ? (
        <select
          id={id}
          {...described}
          className={SELECT}
          value={value === null ? '' : String(value)}
          onChange={({ target }) => set(target.value === '' ? null : target.value)}
        >
          {field.isNullable && <option value="">{t('none')}</option>}
          {field.options.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      ) : (
        typeof value === 'string' && (
          <input
            id={id}
            {...described}
            className={`${CONTROL} h-11 sm:h-10 ${field.type === 'json' ? 'font-mono' : ''}`}
            inputMode={isNumber ? 'decimal' : undefined}
            spellCheck={false}
            autoComplete="off"
            value={value}
            onChange={({ target }) => set(target.value)}
          />
        )
      )}
      {problem && (
        <p id={`${id}-problem`} className="mt-1 text-danger text-xs">
          {problem}
        </p>
      )}
      <p id={`${id}-text`} className="mt-1 text-muted-foreground text-xs leading-relaxed">
        <span lang={words.language(field)}>{words.text(field)}</span>
        {said.length > 0 && <span className="block">{said.join(t('between'))}</span>}
      </p>
    </div>
  );
}

type Translate = ReturnType<typeof useTranslations<'newRun'>>;

function initialSentence(initial: Typed | null, { type }: SettingField, t: Translate): string | null {
  if (type === 'group' || type === 'switch' || initial === '') return null;
  return initial === null ? t('initiallyOff') : t('initially', { value: String(initial) });
}

/** A value to start from where the preset has none: the smallest that is allowed. */
function firstOf({ type, min, isAboveMin }: SettingField): Typed {
  if (type === 'json') return '{}';
  if (type === 'text') return '';
  const least = min ?? 0;
  return String(isAboveMin ? least + 1 : least);
}
