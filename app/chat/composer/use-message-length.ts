'use client';

// Whether a message fits into the model, counted in tokens as the server counts it, before it is sent.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { codeOf } from '@/app/lib/use-error-sentence';
import { assumeTokens, type Counted, excessOf, isSurelyShort } from './message-length';

/** A count waits for this pause in the typing. */
const PAUSE_MS = 250;

export interface MessageLength {
  /** Characters too many, about; 0 for a text that fits, or that is not counted yet. */
  excess: number;
  /** Known without asking the server. */
  isShort: boolean;
  /** Asks. What cannot be counted is let through: the server has the last word, and the text is kept. */
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
      // Not even counted by the server.
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
