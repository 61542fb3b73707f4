'use client';

// What narrows the list of versions: a text, where they stand, and a tag.
import { useTranslations } from 'next-intl';
import { Choice } from '@/app/admin/choice';
import { TextField } from '@/app/ui/field';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { VERSION_STATES } from '@/core/versions';
import type { RouterInputs } from '@/server/routers';

export type VersionFilter = Omit<RouterInputs['version']['list'], 'cursor' | 'direction'>;

interface FiltersProps {
  filter: VersionFilter;
  tags: { tag: string; versions: number }[];
  onChange: (filter: VersionFilter) => void;
}

export function Filters({ filter, tags, onChange }: FiltersProps) {
  const t = useTranslations('versions');
  const states = useTranslations('admin.statuses');
  return (
    <search className="grid items-end gap-x-4 gap-y-3 sm:grid-cols-3">
      <TextField
        label={t('search')}
        type="search"
        maxLength={TEXT_LIMITS.search}
        value={filter.text ?? ''}
        onChange={(event) => onChange({ ...filter, text: event.target.value || undefined })}
      />
      <Choice
        label={t('state')}
        value={filter.state}
        options={VERSION_STATES.map((state) => [state, state === 'retired' ? t('retired') : states(state)])}
        onChange={(state) => onChange({ ...filter, state })}
      />
      <Choice
        label={t('tag')}
        value={filter.tag}
        options={tags.map(({ tag, versions }) => [tag, `${tag} (${versions})`])}
        onChange={(tag) => onChange({ ...filter, tag })}
      />
    </search>
  );
}
