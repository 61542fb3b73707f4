'use client';

import { type RuleNotice, useRuleSentence } from '@/app/lib/use-rule-sentence';
// Says in one sentence each what rules did to a text.
import { Notice } from '@/app/ui/notice';

export function RuleNotices({ notices }: { notices: readonly RuleNotice[] }) {
  const sentenceOf = useRuleSentence();
  const sentences = [...new Set(notices.map((notice) => sentenceOf(notice.effect, notice)))];
  return sentences.map((sentence) => (
    <Notice key={sentence} kind="warning">
      {sentence}
    </Notice>
  ));
}
