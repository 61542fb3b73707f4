// Reads the curves of a run.
import { asc, eq } from 'drizzle-orm';
import { thinOut } from '@/core/runs/thin-out';
import type { Executor } from '@/db/client';
import { runMetric } from '@/db/schema';
import type { RunPoint } from '../views';

export async function readPoints(db: Executor, id: string): Promise<RunPoint[]> {
  const rows = await db
    .select({ stage: runMetric.stage, step: runMetric.step, metrics: runMetric.metrics })
    .from(runMetric)
    .where(eq(runMetric.runId, id))
    .orderBy(asc(runMetric.createdAt), asc(runMetric.step));
  return thinOut(rows);
}
