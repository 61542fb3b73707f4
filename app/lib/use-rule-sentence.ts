'use client';

// Says what a rule did to a text: the rule's own sentence, or the standard one for its kind.
import { useTranslations } from 'next-intl';
import { useCallback } from 'react';
import type { MessageData } from '@/app/chat/conversation/types';

export type RuleNotice = MessageData['notices'][number];

/** `refused` is a message that was not sent. */
export function useRuleSentence(): (
  effect: RuleNotice['effect'] | 'refused',
  rule: { kind: string; message: string | null; isUnjudged: boolean },
) => string {
  const t = useTranslations('ruleNotices');
  return useCallback(
    (effect, { kind, message, isUnjudged }) => {
      if (isUnjudged) return t(`unjudged.${effect}`);
      const isStopped = effect === 'blocked' || effect === 'refused';
      if (message !== null && isStopped) return message;
      return t(effect, { what: t(`what.${kind as RuleNotice['kind']}`) });
    },
    [t],
  );
}
