'use client';

// The browser's side of the login: guests, accounts, and who is signed in.
import { anonymousClient, inferAdditionalFields } from 'better-auth/client/plugins';
import { createAuthClient } from 'better-auth/react';

export const authClient = createAuthClient({
  plugins: [
    anonymousClient(),
    inferAdditionalFields({
      user: { role: { type: 'string', input: false }, isAnonymous: { type: 'boolean', input: false } },
    }),
  ],
});

let pendingGuest: Promise<unknown> | null = null;

/** One guest account per page, however often React asks for it. */
export function signInAsGuest(): Promise<unknown> {
  pendingGuest ??= authClient.signIn.anonymous().finally(() => {
    pendingGuest = null;
  });
  return pendingGuest;
}
