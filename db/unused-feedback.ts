// Defines which feedback has not yet been used in training.
import { and, eq, inArray, isNull, max, or, sql } from 'drizzle-orm';
import { JUDGED_STATUSES } from '@/core/contract';
import type { Executor } from './client';
import { comparison, conversation, feedback, generation, snapshot, trainingRun } from './schema';

/**
 * Votes, in conversations whose owners allow training, that no judged run has seen: given, changed or consented to
 * after its data was frozen. A run that failed or was cancelled uses nothing up. With `since`, only newer votes count.
 */
export async function countUnusedFeedback(db: Executor, since: Date | null = null): Promise<number> {
  const seen = db
    .select({ upTo: max(snapshot.frozenUpTo) })
    .from(trainingRun)
    .innerJoin(snapshot, eq(snapshot.id, trainingRun.snapshotId))
    .where(inArray(trainingRun.status, [...JUDGED_STATUSES]));
  // greatest() ignores nulls.
  const cameAt = sql`greatest(${feedback.updatedAt}, ${conversation.consentedAt})`;
  const [row] = await db
    .select({ n: sql<number>`count(*)`.mapWith(Number) })
    .from(feedback)
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .leftJoin(generation, eq(generation.id, feedback.generationId))
    .innerJoin(
      conversation,
      or(
        eq(conversation.id, comparison.conversationId),
        and(isNull(feedback.comparisonId), eq(conversation.id, generation.conversationId)),
      ),
    )
    .where(
      and(
        eq(conversation.allowTraining, true),
        sql`${cameAt} > coalesce((${seen}), '-infinity')`,
        since ? sql`${cameAt} > ${since}` : undefined,
      ),
    );
  return row!.n;
}
