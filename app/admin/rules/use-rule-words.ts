'use client';

// The words for the fields of rules and their choices; a test demands them for every field of every kind.
import { useLocale, useTranslations } from 'next-intl';
import { useMemo } from 'react';

export function useRuleWords() {
  const t = useTranslations('rules');
  const locale = useLocale();
  return useMemo(() => {
    const languages = new Intl.DisplayNames(locale, { type: 'language' });
    // The names come from the schemas, which the compiler does not compare with the texts.
    const find = (keys: readonly string[]) => {
      const key = keys.find((one) => t.has(one as Parameters<typeof t.has>[0]));
      return key === undefined ? undefined : t(key as never);
    };
    return {
      label: (field: string) => find([`fields.${field}`]) ?? field,
      /** A hint for this kind takes precedence over the field's general hint. */
      hint: (kind: string, field: string) => find([`hints.${kind}_${field}`, `hints.${field}`]),
      value: (field: string, value: string) =>
        field === 'languages' ? (languages.of(value) ?? value) : (find([`values.${field}.${value}`]) ?? value),
    };
  }, [t, locale]);
}
