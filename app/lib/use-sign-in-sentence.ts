'use client';

// Turns better-auth's and the server's error codes into a sentence in the reader's language.
import { useTranslations } from 'next-intl';
import { useCallback } from 'react';

/** The error of better-auth's client; a lost connection has no status. */
export interface SignInError {
  status?: number;
  code?: string;
  retryAfterSeconds?: number;
}

const SENTENCES = {
  OVERLOADED: 'OVERLOADED',
  UNAVAILABLE: 'UNAVAILABLE',
  FOREIGN_PAGE: 'FOREIGN_PAGE',
  RESERVED_EMAIL: 'RESERVED_EMAIL',
  BAD_INPUT: 'BAD_INPUT',
  VALIDATION_ERROR: 'BAD_INPUT',
  INVALID_EMAIL_OR_PASSWORD: 'INVALID_EMAIL_OR_PASSWORD',
  INVALID_PASSWORD: 'INVALID_PASSWORD',
  INVALID_EMAIL: 'INVALID_EMAIL',
  USER_ALREADY_EXISTS: 'USER_EXISTS',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: 'USER_EXISTS',
  PASSWORD_TOO_SHORT: 'PASSWORD_TOO_SHORT',
  PASSWORD_TOO_LONG: 'PASSWORD_TOO_LONG',
} as const;

const isKnown = (code: string | undefined): code is keyof typeof SENTENCES => code !== undefined && code in SENTENCES;

export function useSignInSentence(): (error: SignInError) => string {
  const t = useTranslations('signInErrors');
  return useCallback(
    ({ status, code, retryAfterSeconds }) => {
      if (!status) return t('OFFLINE');
      return t(isKnown(code) ? SENTENCES[code] : 'OTHER', { seconds: retryAfterSeconds ?? 1 });
    },
    [t],
  );
}
