'use client';

// One conversation in the browser: what the server holds, and every change a person can make to it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTRPC } from '@/app/lib/trpc';
import { addTurn, updateGeneration } from './conversation-cache';
import type { ConversationData, GenerationData } from './types';

/** `isStored` is false until the first message of a new conversation is on the server. */
export function useConversation(id: string, isStored: boolean) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const queryKey = trpc.conversation.get.queryKey({ id });
  const query = useQuery(trpc.conversation.get.queryOptions({ id }, { enabled: isStored }));

  const edit = (change: (conversation: ConversationData) => ConversationData) =>
    client.setQueryData<ConversationData>(queryKey, (old) => (old ? change(old) : old));
  const refresh = () => client.invalidateQueries({ queryKey });
  const refreshList = () => client.invalidateQueries({ queryKey: trpc.conversation.list.pathKey() });

  const send = useMutation(
    trpc.chat.send.mutationOptions({
      onSuccess: (result, { parentId, text }) => {
        const empty = { id, title: text, allowTraining: true, messages: [], comparisons: [] };
        client.setQueryData<ConversationData>(queryKey, (old) =>
          addTurn(old ?? empty, { parentId, text }, result, new Date()),
        );
        void refreshList();
      },
    }),
  );
  const regenerate = useMutation(
    trpc.chat.regenerate.mutationOptions({
      onSuccess: (result) => edit((old) => addTurn(old, null, result, new Date())),
    }),
  );
  const stop = useMutation(trpc.chat.stop.mutationOptions());
  const thumb = useMutation(
    trpc.feedback.thumb.mutationOptions({
      onMutate: ({ generationId, value, reasons }) =>
        edit((old) => updateGeneration(old, generationId, { thumb: value, reasons: reasons ?? [] })),
      onError: refresh,
    }),
  );
  const compare = useMutation(trpc.feedback.compare.mutationOptions({ onSettled: refresh }));
  const prefer = useMutation(trpc.feedback.prefer.mutationOptions({ onSettled: refresh }));
  const setAllowTraining = useMutation(
    trpc.conversation.setAllowTraining.mutationOptions({
      onMutate: ({ allowTraining }) => edit((old) => ({ ...old, allowTraining })),
      onError: refresh,
    }),
  );

  const settle = useCallback(
    (generationId: string, change: Partial<GenerationData>, content: string) => {
      client.setQueryData<ConversationData>(trpc.conversation.get.queryKey({ id }), (old) =>
        old ? updateGeneration(old, generationId, change, content) : old,
      );
      // The row has what a stream does not tell: the version, the sentence of an error.
      void client.invalidateQueries({ queryKey: trpc.conversation.get.queryKey({ id }) });
    },
    [client, trpc, id],
  );

  return { query, send, regenerate, stop, thumb, compare, prefer, setAllowTraining, settle };
}
export type Conversation = ReturnType<typeof useConversation>;
