// The admin's overview: where the loop stands, what is running, and how much there is.
import { and, eq, gt, sql } from 'drizzle-orm';
import { loopOf, VOTES_FOR_A_RUN } from '@/core/cockpit/loop';
import type { Executor } from '@/db/client';
import { countUnusedFeedback } from '@/db/feedback/unused-feedback';
import { champion } from '@/db/release';
import { conversation, feedback, generation, trainingRun, user } from '@/db/schema';
import { readSettings, readTrainerReport } from '@/db/settings';
import { engineStatus } from '@/server/services/health';
import type { Product } from '@/server/services/product';
import { readServed } from '@/server/services/version/release';
import type { TrainerView } from '@/server/services/views';
import { countRows } from './counts';
import { readCanary, readRun, readSnapshot, readVersion } from './stations';
import type { OverviewView } from './views';

const ALIVE_SECONDS = 30;
/** More are not told apart on the page. */
const MOST_UNUSED = 10_000;

export async function overview(product: Product): Promise<OverviewView> {
  const { db } = product;
  const [serving, served, engine, trainer, counted, settings, snapshot, run, version, canary, counts] =
    await Promise.all([
      champion(db),
      readServed(db),
      engineStatus(product),
      readTrainer(product),
      countUnusedFeedback(db, null, MOST_UNUSED + 1),
      readSettings(db),
      readSnapshot(db),
      readRun(db),
      readVersion(db),
      readCanary(db),
      readCounts(db),
    ]);
  const unused = { n: Math.min(counted, MOST_UNUSED), isMore: counted > MOST_UNUSED };
  const loop = loopOf({
    votes: { unused: unused.n, isMore: unused.isMore, needed: settings.trigger.feedbackCount ?? VOTES_FOR_A_RUN },
    ...{
      snapshot,
      run,
      version,
      canary,
      champion: { ...serving, isFirst: served.previous === null },
      isTrainerAlive: trainer.alive,
    },
  });
  return {
    champion: { ...serving, previousId: served.previous },
    engine,
    trainer,
    loop,
    counts: { ...counts, unusedFeedback: unused },
  };
}

async function readCounts(db: Executor) {
  const [users, conversations, generations, all] = await Promise.all([
    countRows(db, user),
    countRows(db, conversation),
    countRows(db, generation),
    countRows(db, feedback),
  ]);
  return { users, conversations, generations, feedback: all };
}

export async function readTrainer({ db }: Pick<Product, 'db'>): Promise<TrainerView> {
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
