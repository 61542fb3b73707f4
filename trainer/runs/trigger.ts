// Starts training by itself: enough new feedback, or a schedule, inserts one run.
import { and, count, desc, eq, gt, inArray, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { Database, Executor } from '@/db/client';
import { comparison, conversation, feedback, generation, release, setting, snapshot, trainingRun } from '@/db/schema';

const TriggerSetting = z.object({
  /** New feedback that starts a run; null or 0 is off. */
  feedbackCount: z.number().min(0).nullish(),
  /** Hours between runs, given any new feedback; null or 0 is off. */
  scheduleHours: z.number().min(0).nullish(),
});

export interface TriggerState {
  setting: z.infer<typeof TriggerSetting>;
  newFeedback: number;
  /** Since the last run was asked for; infinite without one. */
  hoursSinceRun: number;
  hasLiveRun: boolean;
}

/** The pure part: why a run is due, or null. */
export function decideTrigger(state: TriggerState): 'feedback_count' | 'schedule' | null {
  const { feedbackCount, scheduleHours } = state.setting;
  if (state.hasLiveRun || state.newFeedback === 0) return null;
  if (feedbackCount && state.newFeedback >= feedbackCount) return 'feedback_count';
  if (scheduleHours && state.hoursSinceRun >= scheduleHours) return 'schedule';
  return null;
}

/** Inserts at most one run, however many trainers ask at once; returns its id. */
export async function evaluateTrigger(db: Database): Promise<string | null> {
  const [row] = await db.select().from(setting).where(eq(setting.key, 'trigger'));
  const parsed = TriggerSetting.safeParse(row?.value ?? {});
  if (!parsed.success || !(parsed.data.feedbackCount || parsed.data.scheduleHours)) return null;
  return db.transaction(async (tx) => {
    // Nobody may insert a run between the look and the insert, the admin's button included.
    await tx.execute(sql`lock table ${trainingRun} in share row exclusive mode`);
    const reason = decideTrigger({ setting: parsed.data, ...(await readState(tx)) });
    if (!reason) return null;
    const parentVersionId = await championId(tx);
    const [run] = await tx
      .insert(trainingRun)
      .values({ trigger: reason, config: {}, parentVersionId })
      .returning({ id: trainingRun.id });
    await tx.execute(sql`select pg_notify('training_run', ${run!.id})`);
    return run!.id;
  });
}

async function readState(tx: Executor): Promise<Omit<TriggerState, 'setting'>> {
  const [last] = await tx
    .select({
      /** A run that never froze its data counts from when it was asked for, or its failure would start the next one. */
      since: sql<Date>`coalesce(${snapshot.frozenUpTo}, ${trainingRun.createdAt})`.mapWith(snapshot.frozenUpTo),
      hours: sql<number>`extract(epoch from now() - ${trainingRun.createdAt}) / 3600`.mapWith(Number),
    })
    .from(trainingRun)
    .leftJoin(snapshot, eq(snapshot.id, trainingRun.snapshotId))
    .orderBy(desc(trainingRun.createdAt))
    .limit(1);
  const [live] = await tx
    .select({ runs: count() })
    .from(trainingRun)
    .where(inArray(trainingRun.status, ['queued', 'running']));
  const [fresh] = await tx
    .select({ rows: count() })
    .from(feedback)
    .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
    .leftJoin(generation, eq(generation.id, feedback.generationId))
    .innerJoin(
      conversation,
      or(eq(conversation.id, comparison.conversationId), eq(conversation.id, generation.conversationId)),
    )
    .where(and(eq(conversation.allowTraining, true), last ? gt(feedback.updatedAt, last.since) : undefined));
  return {
    newFeedback: fresh!.rows,
    hoursSinceRun: last?.hours ?? Number.POSITIVE_INFINITY,
    hasLiveRun: live!.runs > 0,
  };
}

/** What serves now. */
export async function championId(tx: Executor): Promise<string> {
  const [row] = await tx.select({ id: release.versionId }).from(release).orderBy(desc(release.seq)).limit(1);
  return row?.id ?? BASE_VERSION_ID;
}
