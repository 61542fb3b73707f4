'use client';

// Checks before sending whether a message fits into the model, in tokens as the server counts them.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { codeOf } from '@/app/lib/use-error-sentence';
import { assumeTokens, type Counted, excessOf, isSurelyShort } from './message-length';

/** Counting waits until typing has paused for this long. */
const PAUSE_MS = 250;

export interface MessageLength {
  /** Roughly how many characters too long; 0 for a text that fits or is not yet counted. */
  excess: number;
  /** True for a text that surely fits, known without asking the server. */
  isShort: boolean;
  /** Asks the server. A text that cannot be counted passes: the server decides at the send, and the text is kept. */
  fits: () => Promise<boolean>;
}

export function useMessageLength(text: string): MessageLength {
  const trpc = useTRPC();
  const limits = useQuery(trpc.chat.limits.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY }));
  const { mutateAsync } = useMutation(trpc.chat.measure.mutationOptions());
  const [counted, setCounted] = useState<Counted | null>(null);
  const limit = limits.data?.messageTokens ?? 0;
  const isShort = isSurelyShort(text, limit);

  const count = async (): Promise<Counted | null> => {
    const size = await mutateAsync({ text }).catch((error: unknown) =>
      // Too long for the server to count.
      codeOf(error) === 'PAYLOAD_TOO_LARGE' ? { tokens: assumeTokens(text), limit } : null,
    );
    if (size) setCounted({ text, ...size });
    return size && { text, ...size };
  };
  useEffect(() => {
    if (isShort) return;
    const timer = setTimeout(() => void count(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, isShort]);

  return {
    isShort,
    excess: isShort || !counted ? 0 : excessOf(text, counted),
    fits: async () => {
      const now = counted?.text === text ? counted : await count();
      return !now || now.tokens <= now.limit;
    },
  };
}
