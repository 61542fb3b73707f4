'use client';

// Sends what a person says about the messages of a conversation; the page shows it at once.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Said } from '@/app/chat/rating/use-given';
import { useTRPC } from '@/app/lib/trpc';
import type { Feedback, FeedbackSubject } from '@/core/feedback/feedback';
import { FEEDBACK_SUBJECTS, type FeedbackKind, type FeedbackValue } from '@/core/feedback/kinds';
import { updateGiven } from './conversation-cache';
import type { ConversationData, MessageData } from './types';

/** A kind whose subject is a message or its answer. */
export type SayableKind = Exclude<FeedbackKind, 'comparison'>;
/** null takes it back. Rejects with what the API threw. */
export type Say = <Kind extends SayableKind>(
  message: MessageData,
  kind: Kind,
  next: Said<Kind> | null,
) => Promise<void>;

/** A stored comparison, or two answers of which the older one is the left. */
type Pair = { comparisonId: string } | { leftGenerationId: string; rightGenerationId: string };

export function useFeedback(id: string) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const queryKey = trpc.conversation.get.queryKey({ id });
  const refresh = () => client.invalidateQueries({ queryKey });
  // One call at a time, so that the last click wins, not the request that happens to arrive last.
  const scope = { id: `feedback ${id}` };
  const give = useMutation(trpc.feedback.give.mutationOptions({ scope, onSettled: refresh }));
  const withdraw = useMutation(trpc.feedback.withdraw.mutationOptions({ scope, onSettled: refresh }));
  const compare = useMutation(trpc.feedback.give.mutationOptions({ scope, onSettled: refresh }));
  const uncompare = useMutation(trpc.feedback.withdraw.mutationOptions({ scope, onSettled: refresh }));

  const say: Say = async (message, kind, next) => {
    // An answer to an earlier question about this chat would not know of it.
    await client.cancelQueries({ queryKey });
    client.setQueryData<ConversationData>(queryKey, (old) => old && updateGiven(old, message.id, kind, next));
    const about = {
      kind,
      ...(FEEDBACK_SUBJECTS[kind] === 'message' ? { messageId: message.id } : { generationId: message.generation?.id }),
    };
    if (next) await give.mutateAsync({ ...about, ...next } as Feedback);
    else await withdraw.mutateAsync(about as FeedbackSubject);
  };

  return {
    say,
    comparison: {
      choose: (pair: Pair, value: FeedbackValue<'comparison'>) =>
        compare.mutate({ kind: 'comparison', ...pair, value }),
      undo: (comparisonId: string) => uncompare.mutate({ kind: 'comparison', comparisonId }),
      /** The comparison that was decided last on this page. */
      decidedId: compare.data?.comparisonId ?? null,
      isBusy: compare.isPending || uncompare.isPending,
      error: compare.error ?? uncompare.error,
    },
  };
}
export type ConversationFeedback = ReturnType<typeof useFeedback>;
