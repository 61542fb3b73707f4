'use client';

// Says what is wrong with an order in the reader's language.
import { useTranslations } from 'next-intl';
import { useSettingWords } from '@/app/admin/runs/new/use-setting-words';
import type { RunCheckData } from '@/app/admin/types';
import type { SettingField } from '@/core/config/fields';

/** Without a field, or where a field says more than its limits, the server's English sentence is shown. */
export function useProblem() {
  const t = useTranslations('newRun');
  const words = useSettingWords();
  return ({ path, message, shortage }: RunCheckData['problems'][number], field?: SettingField): string => {
    if (shortage) {
      const { code, ...figures } = shortage;
      return t(`shortage.${code}`, figures as Record<string, string | number>);
    }
    if (path === 'seed') return t('seedHint');
    if (field?.type !== 'number' && field?.type !== 'integer') return message;
    const range = words.range(field);
    const kind = t(field.type === 'integer' ? 'wholeNumber' : 'number');
    return range ? t('mustBeIn', { kind, range }) : t('mustBe', { kind });
  };
}
