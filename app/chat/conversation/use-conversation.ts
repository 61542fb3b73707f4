'use client';

// One conversation in the browser: the server's data, and every change that a person can make to it.
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
  /** Runs these calls one at a time, so that the last click wins, not the request that happens to arrive last. */
  const inTurn = (what: string) => ({ scope: { id: `${what} ${id}` } });

  const send = useMutation(
    trpc.chat.send.mutationOptions({
      onSuccess: (result, { parentId, text }) => {
        const empty = { id, title: text, allowTraining: result.allowTraining, messages: [], comparisons: [] };
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
      ...inTurn('feedback'),
      onMutate: ({ generationId, value, reasons = [], comment = null }) =>
        edit((old) => updateGeneration(old, generationId, { thumb: value, reasons, comment })),
      onError: refresh,
    }),
  );
  const compare = useMutation(trpc.feedback.compare.mutationOptions({ ...inTurn('feedback'), onSettled: refresh }));
  const prefer = useMutation(trpc.feedback.prefer.mutationOptions({ ...inTurn('feedback'), onSettled: refresh }));
  const withdraw = useMutation(trpc.feedback.withdraw.mutationOptions({ ...inTurn('feedback'), onSettled: refresh }));
  // Shown only after the server has it: a switch that says "off" while it is still on would break a promise.
  const setAllowTraining = useMutation(
    trpc.conversation.setAllowTraining.mutationOptions({
      ...inTurn('consent'),
      onSuccess: (_, { allowTraining }) => edit((old) => ({ ...old, allowTraining })),
    }),
  );

  const settle = useCallback(
    (generationId: string, change: Partial<GenerationData>, content: string) => {
      client.setQueryData<ConversationData>(trpc.conversation.get.queryKey({ id }), (old) =>
        old ? updateGeneration(old, generationId, change, content) : old,
      );
      // The row has what the stream lacks: the version and an error's sentence.
      void client.invalidateQueries({ queryKey: trpc.conversation.get.queryKey({ id }) });
    },
    [client, trpc, id],
  );

  return { query, send, regenerate, stop, thumb, compare, prefer, withdraw, setAllowTraining, settle, refresh };
}
export type Conversation = ReturnType<typeof useConversation>;
