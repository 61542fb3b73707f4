'use client';

// The settings of a run as a form: what people change most, then all by part, with a search.
import { Search } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import { sectionsOf } from '@/app/admin/runs/new/sections';
import { SettingControl } from '@/app/admin/runs/new/setting-control';
import { useSettingWords } from '@/app/admin/runs/new/use-setting-words';
import { TextField } from '@/app/ui/field';
import type { SettingField } from '@/core/config/fields';
import { type Draft, initialOf, isOpen, type Settings } from './draft';

interface SettingsFormProps {
  fields: readonly SettingField[];
  preset: Settings;
  draft: Draft;
  /** By the name of the setting. */
  problems: ReadonlyMap<string, string>;
  onChange: (draft: Draft) => void;
}

export function SettingsForm({ fields, preset, draft, problems, onChange }: SettingsFormProps) {
  const t = useTranslations('newRun');
  const words = useSettingWords();
  const [search, setSearch] = useState('');
  const chosen = draft.changes.algorithm === undefined ? preset.algorithm : draft.changes.algorithm;
  const algorithm = typeof chosen === 'string' ? chosen : null;
  const algorithms = fields.find(({ name }) => name === 'algorithm')?.options ?? [];
  const { usual, sections } = sectionsOf(fields, algorithms, algorithm);
  const isMeant = (field: SettingField) =>
    `${words.title(field)} ${words.text(field)} ${field.name}`.toLowerCase().includes(search.trim().toLowerCase());
  const shown = (own: readonly SettingField[]) =>
    own.filter((field) => isOpen(field, fields, draft, preset) && (search.trim() === '' || isMeant(field)));
  const controls = (own: readonly SettingField[]) => (
    <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2 lg:grid-cols-3">
      {own.map((field) => (
        <SettingControl
          key={field.name}
          field={field}
          initial={initialOf(field, preset)}
          change={draft.changes[field.name]}
          problem={problems.get(field.name) ?? null}
          onChange={(change) => onChange({ ...draft, changes: changed(draft.changes, field.name, change) })}
        />
      ))}
    </div>
  );
  return (
    <div className="space-y-6">
      {controls(usual)}
      <div className="max-w-64">
        <TextField
          label={t('seed')}
          hint={t('seedHint')}
          error={problems.get('seed') ?? null}
          inputMode="numeric"
          value={draft.seed}
          onChange={({ target }) => onChange({ ...draft, seed: target.value })}
        />
      </div>
      <div className="flex flex-wrap items-center gap-3 border-border border-t pt-5">
        <h3 className="font-semibold text-sm">{t('allSettings')}</h3>
        <label className="relative ml-auto w-full sm:w-72">
          <span className="sr-only">{t('searchSettings')}</span>
          <Search aria-hidden className="pointer-events-none absolute top-3 left-3 size-4 text-muted-foreground" />
          <input
            type="search"
            value={search}
            onChange={({ target }) => setSearch(target.value)}
            placeholder={t('searchSettings')}
            className="h-10 w-full rounded-xl border border-input bg-background pr-3 pl-9 text-base sm:text-sm"
          />
        </label>
      </div>
      {sections.map(({ section, fields: own }) => {
        const found = shown(own);
        if (found.length === 0) return null;
        return (
          <Part
            key={section}
            title={t(`sections.${section}`, { algorithm: (algorithm ?? 'ppo').toUpperCase() })}
            count={t('settingCount', { count: found.length })}
            isFirstOpen={own.some(({ name }) => draft.changes[name] !== undefined)}
            isCalled={search.trim() !== '' || own.some(({ name }) => problems.has(name))}
          >
            {controls(found)}
          </Part>
        );
      })}
    </div>
  );
}

interface PartProps {
  title: string;
  count: string;
  isFirstOpen: boolean;
  /** Something in it was searched for, or is wrong. */
  isCalled: boolean;
  children: ReactNode;
}

function Part({ title, count, isFirstOpen, isCalled, children }: PartProps) {
  const [isOpen, setIsOpen] = useState(isFirstOpen);
  return (
    <details open={isOpen || isCalled} onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary className="w-fit rounded font-medium text-primary-strong text-sm">
        {title} <span className="font-normal text-muted-foreground">{count}</span>
      </summary>
      <div className="mt-4">{children}</div>
    </details>
  );
}

function changed(changes: Draft['changes'], name: string, change: Draft['changes'][string] | undefined) {
  const { [name]: _former, ...others } = changes;
  return change === undefined ? others : { ...others, [name]: change };
}
