'use client';

// The flaws that the chat offers, from the questionnaire of the administrator, in the reader's language.
import { useQuery } from '@tanstack/react-query';
import { useLocale } from 'next-intl';
import { useTRPC } from '@/app/lib/trpc';

const AN_HOUR_MS = 3_600_000;

export function useFlaws(): { id: string; label: string }[] {
  const trpc = useTRPC();
  const locale = useLocale();
  const flaws = useQuery(trpc.feedback.flaws.queryOptions(undefined, { staleTime: AN_HOUR_MS }));
  return (flaws.data ?? []).map(({ id, text }) => ({ id, label: locale === 'ja' ? text.ja : text.en }));
}
