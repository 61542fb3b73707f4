// Moves a guest's data to the account that the guest signs in to.
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Database, Executor } from '@/db/client';
import {
  assignment,
  comparison,
  conversation,
  feedback,
  feedbackHistory,
  generation,
  raterStanding,
  user,
} from '@/db/schema';
import { moveUsage } from '@/server/services/usage';

/** Afterwards better-auth deletes the guest and everything that was not moved. */
export async function moveHistory(db: Database, guestId: string, userId: string): Promise<void> {
  if (guestId === userId) return;
  await db.transaction(async (tx) => {
    for (const table of [conversation, generation, comparison]) {
      await tx.update(table).set({ userId }).where(eq(table.userId, guestId));
    }
    await moveUsage(tx, guestId, userId);
    const guest = tx.select({ choice: user.allowTraining }).from(user).where(eq(user.id, guestId));
    await tx
      .update(user)
      .set({ allowTraining: sql`coalesce(${user.allowTraining}, (${guest}))` })
      .where(eq(user.id, userId));
    // Where both have a vote or an arm, the account's own stays.
    const own = tx.select({ id: assignment.experimentId }).from(assignment).where(eq(assignment.userId, userId));
    await tx.delete(assignment).where(and(eq(assignment.userId, guestId), inArray(assignment.experimentId, own)));
    await tx.update(assignment).set({ userId }).where(eq(assignment.userId, guestId));
    await tx.execute(sql`
      delete from ${feedback} g using ${feedback} a
      where g.user_id = ${guestId} and a.user_id = ${userId} and g.kind = a.kind
        and (g.generation_id = a.generation_id or g.comparison_id = a.comparison_id or g.message_id = a.message_id)`);
    await tx.update(feedback).set({ userId }).where(eq(feedback.userId, guestId));
    await tx.update(feedbackHistory).set({ userId }).where(eq(feedbackHistory.userId, guestId));
    await moveBan(tx, guestId, userId);
  });
}

/** Votes that do not count must not count again because their author signed in. */
async function moveBan(tx: Executor, guestId: string, userId: string): Promise<void> {
  const [ban] = await tx
    .select()
    .from(raterStanding)
    .where(and(eq(raterStanding.userId, guestId), eq(raterStanding.standing, 'banned')));
  if (!ban) return;
  const { userId: _, ...standing } = ban;
  await tx
    .insert(raterStanding)
    .values({ userId, ...standing })
    .onConflictDoUpdate({ target: raterStanding.userId, set: standing });
}
