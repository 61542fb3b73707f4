// Finds or stores the comparison of a task's two completions.
import { and, eq, or } from 'drizzle-orm';
import type { FeedbackValue } from '@/core/feedback/kinds';
import type { Executor } from '@/db/client';
import { comparison, conversation, message } from '@/db/schema';
import type { Task } from './assignment';

const OPPOSITE = { left: 'right', right: 'left', tie: 'tie', both_bad: 'both_bad' } as const;

interface Pair {
  id: string;
  /** Turns a value of the task's order into one of the comparison's, which can differ if the chat stored it first. */
  orient(value: FeedbackValue<'comparison'>): FeedbackValue<'comparison'>;
}

export async function pairOf(
  tx: Executor,
  { messageId, generationIds }: Pick<Task, 'messageId' | 'generationIds'>,
): Promise<Pair> {
  const [left, right] = generationIds as [string, string];
  const [asked] = await tx
    .select({ conversationId: conversation.id, userId: conversation.userId })
    .from(message)
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(eq(message.id, messageId));
  await tx
    .insert(comparison)
    .values({ ...asked!, leftGenerationId: left, rightGenerationId: right, source: 'workplace' })
    .onConflictDoNothing();
  const [stored] = await tx
    .select()
    .from(comparison)
    .where(
      or(
        and(eq(comparison.leftGenerationId, left), eq(comparison.rightGenerationId, right)),
        and(eq(comparison.leftGenerationId, right), eq(comparison.rightGenerationId, left)),
      ),
    );
  const isSame = stored!.leftGenerationId === left;
  return {
    id: stored!.id,
    orient: (value) => (isSame ? value : { ...value, choice: OPPOSITE[value.choice] }),
  };
}
