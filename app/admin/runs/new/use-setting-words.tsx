'use client';

// What a setting of a run is called, what it means and what it may be, in the reader's language.
import { useLocale, useTranslations } from 'next-intl';
import { createContext, useContext } from 'react';
import type { SettingField } from '@/core/config/fields';

/** By the name of a setting: its title and its sentence. */
export type SettingWords = Readonly<Record<string, readonly string[]>>;

/** null where the English words of the schema are read. */
export const SettingWordsContext = createContext<SettingWords | null>(null);

/** Abbreviations keep their capitals, and names keep their spelling. */
const SPELT: Readonly<Record<string, string>> = {
  kl: 'KL',
  sft: 'imitation',
  ai: 'AI',
  eos: 'end-token',
  lambda: 'GAE lambda',
  eval: 'held-out',
  evals: 'checks',
};

export function useSettingWords() {
  const t = useTranslations('newRun');
  const locale = useLocale();
  const words = useContext(SettingWordsContext);
  const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 12 });
  const found = ({ path }: SettingField) => {
    const last = path.at(-1)!;
    return words?.[`${path[0]}.${last}`] ?? words?.[path.join('.')] ?? words?.[last] ?? null;
  };
  return {
    title: (field: SettingField): string => found(field)?.[0] ?? titleOf(field.path.at(-1)!),
    text: (field: SettingField): string => found(field)?.[1] ?? field.description,
    /** The language of both. */
    language: (field: SettingField): string => (found(field) ? locale : 'en'),
    unit: ({ unit }: SettingField): string | null => (unit ? t(`units.${unit as 'tokens'}`) : null),
    range({ min, max, isAboveMin, isBelowMax }: SettingField): string | null {
      const parts = [
        min === null ? null : t(isAboveMin ? 'above' : 'atLeast', { limit: number.format(min) }),
        max === null ? null : t(isBelowMax ? 'below' : 'atMost', { limit: number.format(max) }),
      ].filter((part) => part !== null);
      return parts.length > 0 ? parts.join(t('between')) : null;
    },
  };
}

/** `klCoefficient` -> `KL coefficient`. */
function titleOf(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replace(/([a-z])([A-Z])/gu, '$1 $2')
    .split(' ')
    .map((word) => SPELT[word.toLowerCase()] ?? word.toLowerCase());
  const title = words.join(' ');
  return title[0]!.toUpperCase() + title.slice(1);
}
