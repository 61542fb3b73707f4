'use client';

// The fields that say how careful the steps of a canary are.
import { useTranslations } from 'next-intl';
import { TextField } from '@/app/ui/field';
import type { CanarySettings } from '@/core/rollout/canary';

/** As the form shows them: the margin in points. */
const NUMBERS = [
  { name: 'minutesPerStep', min: 0, max: 10_080, step: 'any' },
  { name: 'answersPerStep', min: 1, max: 1_000_000, step: 1 },
  { name: 'margin', min: 1, max: 50, step: 1 },
  { name: 'mostDays', min: 0.01, max: 90, step: 'any' },
] as const;

export function CanaryFields({ settings }: { settings: CanarySettings }) {
  const t = useTranslations('rollout');
  return NUMBERS.map(({ name, ...limits }) => (
    <TextField
      key={name}
      label={t(name)}
      hint={t(`hints.${name}`)}
      name={name}
      type="number"
      required
      defaultValue={name === 'margin' ? 100 * settings.margin : settings[name]}
      {...limits}
    />
  ));
}

/** `read` returns the number in the field with this name. */
export const readCanary = (read: (name: string) => number): CanarySettings => ({
  minutesPerStep: read('minutesPerStep'),
  answersPerStep: read('answersPerStep'),
  margin: read('margin') / 100,
  mostDays: read('mostDays'),
});
