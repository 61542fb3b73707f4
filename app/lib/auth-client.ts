'use client';

// The browser's part of sign-in: guests, accounts, and the current session.
import { anonymousClient, inferAdditionalFields } from 'better-auth/client/plugins';
import { createAuthClient } from 'better-auth/react';
import type { SignInError } from '@/app/lib/use-sign-in-sentence';

export const authClient = createAuthClient({
  plugins: [
    anonymousClient(),
    inferAdditionalFields({
      user: { role: { type: 'string', input: false }, isAnonymous: { type: 'boolean', input: false } },
    }),
  ],
});

/** null when the call worked. A lost connection, which the client throws, is an error without a status. */
export async function failureOf(call: Promise<{ error: SignInError | null }>): Promise<SignInError | null> {
  try {
    return (await call).error;
  } catch {
    return {};
  }
}

let pendingGuest: Promise<SignInError | null> | null = null;

/** One guest account per page, however often React asks for it. */
export function signInAsGuest(): Promise<SignInError | null> {
  pendingGuest ??= failureOf(authClient.signIn.anonymous()).finally(() => {
    pendingGuest = null;
  });
  return pendingGuest;
}
