// Reads what Prometheus is told of the engine and the database; each statement is short however many rows there are.
import { count, isNull, sql } from 'drizzle-orm';
import { isRamp } from '@/core/rollout/canary';
import { countUnusedFeedback } from '@/db/feedback/unused-feedback';
import { champion } from '@/db/release';
import { canary, trainingRun, webhookDelivery } from '@/db/schema';
import { countWhere } from '@/server/services/cockpit/counts';
import { readTrainer } from '@/server/services/cockpit/overview';
import { engineStatus } from '@/server/services/health';
import type { Product } from '@/server/services/product';
import type { Reading } from './metrics';

const MOST_UNUSED = 10_000;

export async function readMachines(product: Product): Promise<Reading> {
  const { db } = product;
  const [engine, trainer, unused, runs, [running], deliveries, serving] = await Promise.all([
    engineStatus(product),
    readTrainer(product),
    countUnusedFeedback(db, null, MOST_UNUSED),
    db.select({ status: trainingRun.status, n: count() }).from(trainingRun).groupBy(trainingRun.status),
    db.select({ phase: canary.phase }).from(canary).where(isNull(canary.endedAt)).limit(1),
    countWhere(db, webhookDelivery, sql`due_at is not null`),
    champion(db),
  ]);
  return {
    ...{ engine, unused, isTrainerAlive: trainer.alive },
    runs: new Map(runs.map(({ status, n }) => [status, n])),
    canary: running && isRamp(running.phase) ? running.phase : null,
    deliveries: deliveries.n,
    championSince: serving.since,
  };
}
