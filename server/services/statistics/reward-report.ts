// Reads the report that the newest training run left on its reward model: held-out figures by group, and tastes of raters.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { desc, isNotNull } from 'drizzle-orm';
import { z } from 'zod';
import { trainingRun } from '@/db/schema';
import type { Counting } from './kept/calculator';

/** Runs that are looked at: the newest may have no report, because it failed before or had no votes. */
const MOST_RUNS = 10;

/** The part that pages show; the trainer writes more. */
const Report = z.object({
  groups: z.array(
    z.object({
      key: z.string(),
      value: z.string().nullable(),
      pairs: z.number(),
      accuracy: z.number(),
      low: z.number(),
      high: z.number(),
      ece: z.number(),
    }),
  ),
  /** null without trust of the run's own. */
  raters: z.array(z.object({ rater: z.string(), taste: z.string().nullable() })).nullable(),
});
export type RewardReport = z.infer<typeof Report>;

export async function readRewardReport({
  db,
  runs,
}: Counting): Promise<{ runId: string; report: RewardReport } | null> {
  const newest = await db
    .select({ id: trainingRun.id })
    .from(trainingRun)
    .where(isNotNull(trainingRun.finishedAt))
    .orderBy(desc(trainingRun.finishedAt))
    .limit(MOST_RUNS);
  for (const { id } of newest) {
    const text = await readFile(path.join(runs, id, 'reward-report.json'), 'utf8').catch(nullIfMissing);
    const report = text === null ? null : Report.nullable().parse(JSON.parse(text));
    if (report) return { runId: id, report };
  }
  return null;
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
