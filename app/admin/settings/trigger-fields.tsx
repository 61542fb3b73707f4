'use client';

// The part of the settings form that says when a run starts by itself, with ready choices.
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { TriggerState } from '@/app/admin/settings/trigger-state';
import type { SettingsData } from '@/app/admin/types';
import { Button } from '@/app/ui/button';
import { Field, SELECT, TextField } from '@/app/ui/field';
import { Switch } from '@/app/ui/switch';

type Trigger = SettingsData['trigger'];

const OFF = { feedbackCount: null, scheduleHours: null, scheduleHour: null, onDrift: false };
const READY = [
  { name: 'off', trigger: OFF },
  { name: 'votes', trigger: { ...OFF, feedbackCount: 200 } },
  { name: 'nightly', trigger: { ...OFF, scheduleHour: 2 } },
  { name: 'drift', trigger: { ...OFF, onDrift: true } },
] as const;
const PRESETS = Object.keys({ tiny: 1, 'demo-cpu': 1, cpu: 1, gpu: 1 } satisfies Record<
  Trigger['preset'],
  1
>) as Trigger['preset'][];

export function TriggerFields({ trigger }: { trigger: Trigger }) {
  const t = useTranslations('trigger');
  const runs = useTranslations('newRun');
  // A new key lets the fields begin anew with a ready choice.
  const [{ chosen, round }, choose] = useState({ chosen: trigger, round: 0 });
  const [onDrift, setOnDrift] = useState(trigger.onDrift);
  return (
    <div className="space-y-4">
      <fieldset className="flex flex-wrap gap-2">
        <legend className="mb-1.5 font-medium text-sm">{t('ready')}</legend>
        {READY.map(({ name, trigger: ready }) => (
          <Button
            key={name}
            size="small"
            onClick={() => {
              choose({ chosen: { ...trigger, ...ready }, round: round + 1 });
              setOnDrift(ready.onDrift);
            }}
          >
            {t(`readyNames.${name}`)}
          </Button>
        ))}
      </fieldset>
      <div key={round} className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label={t('count')}
          hint={t('empty')}
          name="feedbackCount"
          type="number"
          min={1}
          defaultValue={chosen.feedbackCount ?? ''}
        />
        <TextField
          label={t('hours')}
          hint={t('empty')}
          name="scheduleHours"
          type="number"
          min={0.1}
          step="any"
          defaultValue={chosen.scheduleHours ?? ''}
        />
        <Field label={t('hour')}>
          {(control) => (
            <select {...control} name="scheduleHour" className={SELECT} defaultValue={chosen.scheduleHour ?? ''}>
              <option value="">{t('never')}</option>
              {Array.from({ length: 24 }, (_, hour) => (
                <option key={hour} value={hour}>
                  {t('hourUtc', { hour: String(hour).padStart(2, '0') })}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t('preset')}>
          {(control) => (
            <select {...control} name="triggerPreset" className={SELECT} defaultValue={chosen.preset}>
              {PRESETS.map((name) => (
                <option key={name} value={name}>
                  {runs(`presets.${name}.title`)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <div>
        <input type="hidden" name="onDrift" value={onDrift ? 'yes' : ''} />
        <Switch label={t('onDrift')} isOn={onDrift} onChange={setOnDrift} />
        <p className="mt-1 text-muted-foreground text-xs leading-relaxed">{t('onDriftHint')}</p>
      </div>
      <TriggerState />
    </div>
  );
}

/** `read` returns the text in the field with this name. */
export function readTrigger(read: (name: string) => string): Trigger {
  const numberOrNull = (name: string) => (read(name) === '' ? null : Number(read(name)));
  return {
    feedbackCount: numberOrNull('feedbackCount'),
    scheduleHours: numberOrNull('scheduleHours'),
    scheduleHour: numberOrNull('scheduleHour'),
    onDrift: read('onDrift') === 'yes',
    preset: read('triggerPreset') as Trigger['preset'],
  };
}
