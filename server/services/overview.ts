// The admin's overview: which version serves, what is running, and how much feedback is unused.
import { and, eq, gt, sql } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { conversation, feedback, generation, trainingRun, user } from '@/db/schema';
import { readTrainerReport } from '@/db/settings';
import { countUnusedFeedback } from '@/db/unused-feedback';
import { engineStatus } from './health';
import type { Product } from './product';
import type { OverviewView, TrainerView } from './views';

const ALIVE_SECONDS = 30;

export async function overview(product: Product): Promise<OverviewView> {
  const { db } = product;
  const [serving, engine, trainer, unused, counts] = await Promise.all([
    champion(db),
    engineStatus(product),
    readTrainer(product),
    countUnusedFeedback(db),
    db
      .select({
        users: sql<number>`(select count(*) from ${user})`.mapWith(Number),
        conversations: sql<number>`(select count(*) from ${conversation})`.mapWith(Number),
        generations: sql<number>`(select count(*) from ${generation})`.mapWith(Number),
        thumbs: sql<number>`count(*) filter (where ${feedback.kind} = 'thumb')`.mapWith(Number),
        comparisons: sql<number>`count(*) filter (where ${feedback.kind} = 'comparison')`.mapWith(Number),
      })
      .from(feedback),
  ]);
  return { champion: serving, engine, trainer, counts: { ...counts[0]!, unusedFeedback: unused } };
}

async function readTrainer({ db }: Product): Promise<TrainerView> {
  const found = await readTrainerReport(db, ALIVE_SECONDS);
  if (!found) return { alive: false, lastHeartbeat: null, lacks: null };
  const { report, at, isFresh } = found;
  return { alive: isFresh || (await isWorking(db)), lastHeartbeat: at, lacks: report.lacks };
}

/** A long native step delays the heartbeat, but then the run's lease shows that the trainer works. */
async function isWorking(db: Executor): Promise<boolean> {
  const [row] = await db
    .select({ id: trainingRun.id })
    .from(trainingRun)
    .where(and(eq(trainingRun.status, 'running'), gt(trainingRun.leaseExpiresAt, sql`now()`)))
    .limit(1);
  return row !== undefined;
}
