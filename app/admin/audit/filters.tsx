'use client';

// The controls that narrow the audit log: what was done, by whom, to what, and when.
import { useTranslations } from 'next-intl';
import { Choice } from '@/app/admin/choice';
import { TextField } from '@/app/ui/field';
import { Switch } from '@/app/ui/switch';
import { AUDIT_AREAS } from '@/core/audit-actions';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import type { RouterInputs } from '@/server/routers';

export type AuditFilter = Omit<Extract<RouterInputs['admin']['audit'], object>, 'cursor' | 'direction'>;

interface FiltersProps {
  filter: AuditFilter;
  onChange: (filter: AuditFilter) => void;
}

/** The reader's midnight that begins a day; undefined for no day. */
const dayStart = (day: string, more = 0): Date | undefined => {
  const [year, month, date] = day.split('-').map(Number);
  return year && month && date ? new Date(year, month - 1, date + more) : undefined;
};
const dayOf = (moment: Date | undefined, more = 0): string => {
  if (!moment) return '';
  const shown = new Date(moment.getFullYear(), moment.getMonth(), moment.getDate() + more);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${shown.getFullYear()}-${two(shown.getMonth() + 1)}-${two(shown.getDate())}`;
};

export function AuditFilters({ filter, onChange }: FiltersProps) {
  const t = useTranslations('auditFilter');
  const areas = useTranslations('auditFilter.areas');
  const isProduct = filter.actor === 'product';
  const set = (change: Partial<Record<keyof AuditFilter, unknown>>) =>
    onChange(
      Object.fromEntries(
        Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined && value !== ''),
      ) as AuditFilter,
    );
  return (
    <search className="grid items-end gap-x-4 gap-y-3 sm:grid-cols-2 lg:grid-cols-5">
      <Choice
        label={t('area')}
        value={filter.area}
        options={AUDIT_AREAS.map((area) => [area, areas(area)] as const)}
        onChange={(area) => set({ area })}
      />
      <div className="space-y-1.5">
        <TextField
          label={t('actor')}
          type="search"
          disabled={isProduct}
          maxLength={TEXT_LIMITS.search}
          value={isProduct ? '' : (filter.actor ?? '')}
          onChange={({ target }) => set({ actor: target.value })}
        />
        <Switch
          label={t('product')}
          isOn={isProduct}
          onChange={(isOn) => set({ actor: isOn ? 'product' : undefined })}
        />
      </div>
      <TextField
        label={t('subject')}
        type="search"
        maxLength={TEXT_LIMITS.search}
        value={filter.subject ?? ''}
        onChange={({ target }) => set({ subject: target.value })}
      />
      <TextField
        label={t('from')}
        type="date"
        value={dayOf(filter.from)}
        onChange={({ target }) => set({ from: dayStart(target.value) })}
      />
      <TextField
        label={t('until')}
        type="date"
        value={dayOf(filter.until, -1)}
        onChange={({ target }) => set({ until: dayStart(target.value, 1) })}
      />
    </search>
  );
}
