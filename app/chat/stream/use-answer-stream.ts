'use client';

// Follows one running generation until it ends: its text so far, across reconnects and reloads.
import { useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useState } from 'react';
import type { GenerationData, MessageData } from '@/app/chat/conversation/types';
import { useTRPC } from '@/app/lib/trpc';
import { codeOf } from '@/app/lib/use-error-sentence';

export type Settle = (
  generationId: string,
  change: Partial<GenerationData>,
  content: string,
  notices: MessageData['notices'],
) => void;

/** The server opens every connection with a snapshot, which replaces the text; deltas then extend it. */
export function useAnswerStream(generation: GenerationData | null, settle: Settle) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const subscription = useSubscription(
    trpc.chat.stream.subscriptionOptions(
      { generationId: generation?.id ?? '' },
      {
        enabled: generation?.status === 'running',
        onData: ({ data }) => {
          if (data.type === 'snapshot') setText(data.text);
          else if (data.type === 'delta') setText((before) => before + data.text);
          else {
            const { status, finishReason, text, notices } = data;
            settle(generation?.id ?? '', { status, finishReason }, text, notices);
          }
        },
        // Deleted in another tab: the page notices because the conversation is gone too.
        onError: (error) => {
          if (codeOf(error) === 'NOT_FOUND') void client.invalidateQueries({ queryKey: trpc.conversation.pathKey() });
        },
      },
    ),
  );
  const isReconnecting = subscription.status === 'connecting' && subscription.error !== null;
  return { text, isReconnecting, error: subscription.status === 'error' ? subscription.error : null };
}
