'use client';

// Turns the error of a call into a sentence in the reader's language that says what to do.
import { TRPCClientError } from '@trpc/client';
import { useTranslations } from 'next-intl';
import { useCallback } from 'react';
import { useRuleSentence } from './use-rule-sentence';

const SENTENCES = [
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'TOO_MANY_REQUESTS',
  'SERVICE_UNAVAILABLE',
  'PAYLOAD_TOO_LARGE',
  'BAD_REQUEST',
] as const;

export const codeOf = (error: unknown): string | null => {
  const code: unknown = error instanceof TRPCClientError ? error.data?.code : null;
  return typeof code === 'string' ? code : null;
};

/** A rule forbids the text: nothing of it was sent. */
export const isRefused = (error: unknown): boolean => error instanceof TRPCClientError && Boolean(error.data?.rule);

export function useErrorSentence(): (error: unknown) => string {
  const t = useTranslations('errors');
  const ruleSentenceOf = useRuleSentence();
  return useCallback(
    (error) => {
      const message = error instanceof Error ? error.message : String(error);
      const code = codeOf(error);
      if (error instanceof TRPCClientError && error.data?.rule) return ruleSentenceOf('refused', error.data.rule);
      if (code === null && error instanceof TRPCClientError) return t('OFFLINE');
      if (error instanceof TRPCClientError && error.data?.attuneCode === 'INTERNAL') return t('INTERNAL');
      if (error instanceof TRPCClientError && error.data?.param === 'origin') return t('FOREIGN_PAGE');
      if (code === 'CONFLICT' && error instanceof TRPCClientError && error.data?.param === 'assignmentId')
        return t('TASK_GONE');
      const known = SENTENCES.find((sentence) => sentence === code);
      return t(known ?? 'OTHER', { message });
    },
    [t, ruleSentenceOf],
  );
}
