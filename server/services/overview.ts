// What the admin sees first: what serves, what runs, and how much feedback waits.
import { count, eq, gt, max, sql } from 'drizzle-orm';
import { z } from 'zod';
import { conversation, feedback, generation, setting, snapshot, trainingRun, user } from '@/db/schema';
import { engineStatus } from './health';
import type { Product } from './product';
import { champion } from './release';
import type { OverviewView, TrainerView } from './views';

/** The trainer writes it every few seconds, under the key `trainer`. */
const Heartbeat = z.object({ lacks: z.string().nullable().default(null) });
const ALIVE_SECONDS = 30;

export async function overview(product: Product): Promise<OverviewView> {
  const { db } = product;
  const [serving, engine, trainer, counts] = await Promise.all([
    champion(db),
    engineStatus(product),
    readTrainer(product),
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
  return { champion: serving, engine, trainer, counts: { ...counts[0]!, unusedFeedback: await countUnused(product) } };
}

/** Feedback given, or changed, since the last data set was frozen. */
async function countUnused({ db }: Product): Promise<number> {
  const [last] = await db.select({ upTo: max(snapshot.frozenUpTo) }).from(snapshot);
  const [row] = await db
    .select({ n: count() })
    .from(feedback)
    .where(last?.upTo ? gt(feedback.updatedAt, last.upTo) : undefined);
  return row!.n;
}

async function readTrainer({ db }: Product): Promise<TrainerView> {
  const [beat] = await db
    .select({
      at: setting.updatedAt,
      value: setting.value,
      // A long native step delays the heartbeat, but then the run's lease says that somebody works.
      isAlive: sql<boolean>`${setting.updatedAt} > now() - make_interval(secs => ${ALIVE_SECONDS}) or exists (
        select 1 from ${trainingRun} where status = 'running' and lease_expires_at > now())`,
    })
    .from(setting)
    .where(eq(setting.key, 'trainer'));
  if (!beat) return { alive: false, lastHeartbeat: null, lacks: null };
  const { lacks } = Heartbeat.catch({ lacks: null }).parse(beat.value);
  return { alive: beat.isAlive, lastHeartbeat: beat.at, lacks };
}
