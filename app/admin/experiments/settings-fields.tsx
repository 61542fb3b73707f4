'use client';

// The settings that the candidate's arm of an experiment has in place of the product's.
import { useTranslations } from 'next-intl';
import { TextArea, TextField } from '@/app/ui/field';
import type { SettingsChange } from '@/core/rollout/layers';
import { TEXT_LIMITS } from '@/core/text/text-limits';

const NUMBERS = [
  { name: 'temperature', min: 0, max: 2, step: 'any' },
  { name: 'topP', min: 0.01, max: 1, step: 'any' },
  { name: 'topK', min: 0, max: 1000, step: 1 },
  { name: 'repetitionPenalty', min: 0.5, max: 2, step: 'any' },
  { name: 'maxTokens', min: 1, max: 4096, step: 1 },
] as const;

export function SettingsFields() {
  const t = useTranslations('experiments');
  return (
    <fieldset className="grid gap-4 sm:col-span-2 sm:grid-cols-3">
      <legend className="mb-2 text-muted-foreground text-sm">{t('settingsText')}</legend>
      {NUMBERS.map(({ name, ...limits }) => (
        <TextField key={name} label={t(`settings.${name}`)} name={name} type="number" {...limits} />
      ))}
      <TextField
        label={t('layer')}
        hint={t('layerHint')}
        name="layer"
        defaultValue="settings"
        required
        pattern="[a-z0-9][a-z0-9\-]*"
        maxLength={40}
      />
      <div className="sm:col-span-3">
        <TextArea
          label={t('settings.systemPrompt')}
          name="systemPrompt"
          rows={2}
          maxLength={TEXT_LIMITS.systemPrompt}
        />
      </div>
    </fieldset>
  );
}

/** Empty fields stay as the product has them. */
export function readChange(form: FormData): SettingsChange {
  const numbers = NUMBERS.flatMap(({ name }) => {
    const text = String(form.get(name) ?? '').trim();
    return text === '' ? [] : [[name, Number(text)] as const];
  });
  const systemPrompt = String(form.get('systemPrompt') ?? '').trim();
  return { ...Object.fromEntries(numbers), ...(systemPrompt && { systemPrompt }) };
}
