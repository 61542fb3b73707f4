'use client';

// The presets of a run as cards: what each is for, its algorithm, and how long it takes here.
import { clsx } from 'clsx';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/app/admin/format';
import type { RunOptionsData } from '@/app/admin/types';
import { Badge } from '@/app/ui/badge';

interface PresetCardsProps {
  options: RunOptionsData;
  preset: string | null;
  onChange: (preset: string) => void;
}

export function PresetCards({ options: { presets, advised }, preset, onChange }: PresetCardsProps) {
  const t = useTranslations('newRun');
  const timeSentence = useTimeSentence();
  return (
    <fieldset>
      <legend className="sr-only">{t('preset')}</legend>
      <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
        {presets.map(({ name, settings, estimate, measured }) => (
          <label
            key={name}
            className={clsx(
              'relative flex cursor-pointer flex-col rounded-2xl border bg-card p-4 has-focus-visible:outline-2 has-focus-visible:outline-primary has-focus-visible:outline-offset-2',
              preset === name ? 'border-primary ring-1 ring-primary' : 'border-border hover:border-input',
            )}
          >
            <span className="flex items-center justify-between gap-2">
              <span className="flex items-center gap-2 font-semibold">
                <input
                  type="radio"
                  name="preset"
                  value={name}
                  checked={preset === name}
                  onChange={() => onChange(name)}
                  className="size-4 accent-primary"
                />
                {t(`presets.${name}.title`)}
              </span>
              {name === advised && <Badge tone="good">{t('advised')}</Badge>}
            </span>
            <span className="mt-2 text-muted-foreground text-sm leading-relaxed">{t(`presets.${name}.text`)}</span>
            <span className="mt-auto block pt-3 text-xs">
              <span className="block font-medium">
                {settings.algorithm?.toUpperCase() ?? t('imitationOnly')} <code className="font-normal">{name}</code>
              </span>
              <span className="block text-muted-foreground">{timeSentence(estimate, measured)}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

type PresetData = RunOptionsData['presets'][number];

export function useTimeSentence() {
  const t = useTranslations('newRun');
  const { duration } = useFormats();
  return (estimate: PresetData['estimate'], measured: PresetData['measured'] = null): string => {
    if (estimate) {
      const { seconds, low, high, runs } = estimate;
      return high - low > 1
        ? t('timeRange', { time: duration(seconds), low: duration(low), high: duration(high), runs })
        : t('time', { time: duration(seconds), runs });
    }
    return measured ? t('timeMeasured', { ...measured }) : t('timeUnknown');
  };
}
