// Defines which feedback has not yet been used in training.
import { and, eq, inArray, max, ne, sql } from 'drizzle-orm';
import { JUDGED_STATUSES } from '@/core/contract';
import type { Executor } from './client';
import { conversation, feedback, raterStanding, snapshot, trainingRun } from './schema';
import { conversationOfFeedback, isTrainable } from './trainable-feedback';

/**
 * Feedback of every kind but implicit signals, which start no training, and of everyone but banned people, in conversations
 * whose owners allow training, that no judged run has seen: given, changed or consented to after its data was frozen. A run
 * that failed or was cancelled uses nothing up. With `since`, only newer votes count.
 */
export async function countUnusedFeedback(db: Executor, since: Date | null = null): Promise<number> {
  const seen = db
    .select({ upTo: max(snapshot.frozenUpTo) })
    .from(trainingRun)
    .innerJoin(snapshot, eq(snapshot.id, trainingRun.snapshotId))
    .where(and(eq(trainingRun.kind, 'train'), inArray(trainingRun.status, [...JUDGED_STATUSES])));
  // greatest() ignores nulls.
  const cameAt = sql`greatest(${feedback.updatedAt}, ${conversation.consentedAt})`;
  const [row] = await db
    .select({ n: sql<number>`count(*)`.mapWith(Number) })
    .from(feedback)
    .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
    .where(
      and(
        isTrainable,
        ne(feedback.kind, 'implicit'),
        // A judge that labels what a version wrote would start the training of the next one.
        ne(feedback.source, 'judge'),
        sql`not exists (select from ${raterStanding} s where s.user_id = ${feedback.userId} and s.standing = 'banned')`,
        sql`${cameAt} > coalesce((${seen}), '-infinity')`,
        since ? sql`${cameAt} > ${since}` : undefined,
      ),
    );
  return row!.n;
}
