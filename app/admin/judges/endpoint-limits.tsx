'use client';

// The fields of what an endpoint costs and may spend.
import { useTranslations } from 'next-intl';
import type { JudgeData } from '@/app/admin/types';
import { TextField } from '@/app/ui/field';

type Limits = NonNullable<JudgeData['endpoint']>['limits'];

const FIELDS = [
  { field: 'promptPrice', min: 0, max: 1e6, step: 'any' },
  { field: 'completionPrice', min: 0, max: 1e6, step: 'any' },
  { field: 'budget', min: 0, max: 1e9, step: 'any' },
  { field: 'mostCalls', min: 0, max: 1e8, step: 1 },
  { field: 'requestsPerMinute', min: 1, max: 60_000, step: 1 },
  { field: 'timeoutSeconds', min: 0.1, max: 300, step: 'any' },
] as const;

export const NEW_LIMITS: Limits = {
  promptPrice: 0,
  completionPrice: 0,
  budget: 5,
  mostCalls: 5000,
  requestsPerMinute: 60,
  timeoutSeconds: 60,
};

export function EndpointLimitFields({ limits }: { limits: Limits }) {
  const t = useTranslations('judges');
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 font-medium text-sm">{t('limits')}</legend>
      <p className="mb-3 text-muted-foreground text-xs">{t('limitsHint')}</p>
      <div className="grid gap-4 sm:grid-cols-3">
        {FIELDS.map(({ field, ...range }) => (
          <TextField
            key={field}
            label={t(`limitNames.${field}`)}
            name={field}
            type="number"
            required
            {...range}
            defaultValue={limits[field]}
          />
        ))}
      </div>
    </fieldset>
  );
}

export const readLimits = (form: FormData): Limits =>
  Object.fromEntries(FIELDS.map(({ field }) => [field, Number(form.get(field))])) as unknown as Limits;
