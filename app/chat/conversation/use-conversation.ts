'use client';

// One conversation in the browser: the server's data, and every change that a person can make to it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { addTurn, updateGeneration } from './conversation-cache';
import type { ConversationData, GenerationData, MessageData } from './types';

/** `isStored` is false until the first message of a new conversation is on the server. */
export function useConversation(id: string, isStored: boolean) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const queryKey = trpc.conversation.get.queryKey({ id });
  const query = useQuery(trpc.conversation.get.queryOptions({ id }, { enabled: isStored }));

  const edit = (change: (conversation: ConversationData) => ConversationData) =>
    client.setQueryData<ConversationData>(queryKey, (old) => (old ? change(old) : old));
  const refreshList = () => client.invalidateQueries({ queryKey: trpc.conversation.list.pathKey() });

  const send = useMutation(
    trpc.chat.send.mutationOptions({
      onSuccess: (result, { parentId }) => {
        const empty = { id, title: result.text, allowTraining: result.allowTraining, messages: [], comparisons: [] };
        client.setQueryData<ConversationData>(queryKey, (old) =>
          addTurn(old ?? empty, { parentId }, result, new Date()),
        );
        void refreshList();
      },
    }),
  );
  const regenerate = useMutation(
    trpc.chat.regenerate.mutationOptions({
      onSuccess: (result, { messageId }) => edit((old) => addTurn(old, { replacesId: messageId }, result, new Date())),
    }),
  );
  const stop = useMutation(trpc.chat.stop.mutationOptions());
  // Shown only after the server has it: a switch that says "off" while it is still on would break a promise.
  const setAllowTraining = useMutation(
    trpc.conversation.setAllowTraining.mutationOptions({
      // One call at a time, so that the last click wins, not the request that happens to arrive last.
      scope: { id: `consent ${id}` },
      onSuccess: (_, { allowTraining }) => edit((old) => ({ ...old, allowTraining })),
    }),
  );

  const settle = useCallback(
    (generationId: string, change: Partial<GenerationData>, content: string, notices: MessageData['notices']) => {
      client.setQueryData<ConversationData>(trpc.conversation.get.queryKey({ id }), (old) =>
        old ? updateGeneration(old, generationId, change, content, notices) : old,
      );
      // The row has what the stream lacks: the version and an error's sentence.
      void client.invalidateQueries({ queryKey: trpc.conversation.get.queryKey({ id }) });
    },
    [client, trpc, id],
  );

  return { query, send, regenerate, stop, setAllowTraining, settle };
}
export type Conversation = ReturnType<typeof useConversation>;
