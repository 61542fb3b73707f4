'use client';

// The names of groups as people read them.
import { useLocale, useTranslations } from 'next-intl';
import type { GroupsData } from '@/app/admin/types';
import { SELF_GROUPS, type SelfGroup } from '@/core/groups';

type Key = GroupsData['keys'][number]['key'];

/** A null value is small groups together. */
export function useGroupName(): (key: Key, value: string | null) => string {
  const t = useTranslations('groups');
  const about = useTranslations('aboutYou');
  const locale = useLocale();
  return (key, value) => {
    if (value === null) return t('folded');
    if (key === 'language') {
      return value === 'und'
        ? t('unknownLanguage')
        : (new Intl.DisplayNames(locale, { type: 'language' }).of(value) ?? value);
    }
    if (key === 'topic') return value === 'chat' ? t('chats') : value;
    if (key === 'taste') return value === 'crowd' ? t('crowd') : value;
    return isAnswer(key, value) ? about(`answers.${value}`) : t('unsaid');
  };
}

type SelfAnswer = (typeof SELF_GROUPS)[SelfGroup][number];
const isAnswer = (key: SelfGroup, value: string): value is SelfAnswer =>
  (SELF_GROUPS[key] as readonly string[]).includes(value);
