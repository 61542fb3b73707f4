'use client';

// The part of the settings form that sets how much an account and a key may use.
import { useTranslations } from 'next-intl';
import type { SettingsData } from '@/app/admin/types';
import { Card } from '@/app/ui/card';
import { TextField } from '@/app/ui/field';

type Limits = SettingsData['limits'];

const SUBJECTS = [
  { subject: 'user', label: 'limitsUser' },
  { subject: 'apiKey', label: 'limitsKey' },
] as const;
const FIELDS = [
  { field: 'requestsPerMinute', max: 1_000_000 },
  { field: 'tokensPerMinute', max: 1_000_000_000 },
  { field: 'concurrent', max: 1000 },
] as const;

export function LimitsCard({ limits }: { limits: Limits }) {
  const t = useTranslations('admin');
  return (
    <Card title={t('limits')} className="lg:col-span-2">
      <p className="mb-4 text-muted-foreground text-sm">{t('limitsHint')}</p>
      <div className="grid gap-6 md:grid-cols-2">
        {SUBJECTS.map(({ subject, label }) => (
          <fieldset key={subject} className="min-w-0">
            <legend className="mb-3 font-medium text-sm">{t(label)}</legend>
            <div className="grid gap-4 sm:grid-cols-3">
              {FIELDS.map(({ field, max }) => (
                <TextField
                  key={field}
                  label={t(field)}
                  name={`${subject}.${field}`}
                  type="number"
                  required
                  min={1}
                  max={max}
                  step={1}
                  defaultValue={limits[subject][field]}
                />
              ))}
            </div>
          </fieldset>
        ))}
      </div>
    </Card>
  );
}

/** `read` returns the number in the field with this name. */
export function readLimits(read: (name: string) => number): Limits {
  const of = (subject: keyof Limits) => ({
    requestsPerMinute: read(`${subject}.requestsPerMinute`),
    tokensPerMinute: read(`${subject}.tokensPerMinute`),
    concurrent: read(`${subject}.concurrent`),
  });
  return { user: of('user'), apiKey: of('apiKey') };
}
