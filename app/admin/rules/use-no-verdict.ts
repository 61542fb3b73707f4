'use client';

// Says why a rule was not saved: its server gave no verdict.
import { TRPCClientError } from '@trpc/client';
import { useTranslations } from 'next-intl';
import type { NoVerdict } from '@/core/errors';

/** What a server must answer. */
const FORMS = { hits: '{"hits": [{"start": 0, "end": 5}]}', isHit: '{"isHit": true}' };

/** null for every other error. */
export function useNoVerdict(): (error: unknown) => string | null {
  const t = useTranslations('rules.notSaved');
  return (error) => {
    const reason: NoVerdict | null = (error instanceof TRPCClientError && error.data?.noVerdict) || null;
    return reason && t(reason, FORMS);
  };
}
