'use client';

// This chat's consent to training: stored with the conversation, or to be sent with its first message.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import type { Conversation } from './use-conversation';

export interface Consent {
  /** null while the person has not chosen. */
  value: boolean | null;
  isLoading: boolean;
  /** A rule sends what is written to another server. */
  isCheckedOutside: boolean;
  isSaving: boolean;
  error: unknown;
  choose: (allowTraining: boolean) => void;
  /** Takes over the consent that the server stored with the first message. */
  keep: (allowTraining: boolean) => void;
}

export function useConsent(id: string, isStored: boolean, { query, setAllowTraining }: Conversation): Consent {
  const trpc = useTRPC();
  const client = useQueryClient();
  const account = useQuery(trpc.account.get.queryOptions(undefined, { enabled: !isStored }));
  const [chosen, setChosen] = useState<boolean | null>(null);
  return {
    value: query.data?.allowTraining ?? chosen ?? account.data?.allowTraining ?? null,
    isLoading: isStored ? query.isPending : account.isPending,
    isCheckedOutside: account.data?.isCheckedOutside ?? false,
    isSaving: setAllowTraining.isPending,
    error: setAllowTraining.error,
    choose: (allowTraining) => (query.data ? setAllowTraining.mutate({ id, allowTraining }) : setChosen(allowTraining)),
    // The first choice becomes the account's default.
    keep: (allowTraining) =>
      client.setQueryData(
        trpc.account.get.queryKey(),
        (old) => old && { ...old, allowTraining: old.allowTraining ?? allowTraining },
      ),
  };
}
