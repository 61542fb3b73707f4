// Lists the runs that wait or train, in the order in which the trainer takes them.
import { asc, inArray, sql } from 'drizzle-orm';
import { LIVE_STATUSES } from '@/core/contract';
import { estimateSeconds } from '@/core/runs/estimate';
import { foretell } from '@/core/runs/queue';
import { trainingRun } from '@/db/schema';
import type { Product } from '../product';
import type { QueuedRun } from '../views';
import { countAtHand } from './at-hand';
import { examplesOf } from './check';
import { identityOf, readPastRuns } from './past';
import { planOf, view } from './run';

export async function listQueue({ db }: Product): Promise<QueuedRun[]> {
  const rows = await db
    .select()
    .from(trainingRun)
    .where(inArray(trainingRun.status, [...LIVE_STATUSES]))
    .orderBy(sql`${trainingRun.status} = 'queued'`, asc(trainingRun.createdAt));
  if (rows.length === 0) return [];
  const [past, at] = await Promise.all([readPastRuns(db), countAtHand(db)]);
  const foretold = foretell(
    rows.map(({ status, startedAt, secondsLeft, config }) => ({
      isRunning: status === 'running',
      elapsed: startedAt ? (Date.now() - startedAt.getTime()) / 1000 : 0,
      stageLeft: secondsLeft,
      expected: estimateSeconds(past, { ...identityOf(config), examples: examplesOf(at) })?.seconds ?? null,
    })),
  );
  return rows.map((row, i) => {
    const { id, status, trigger, preset, stage, progress, createdAt } = view(row);
    const algorithm = planOf(row.config, row.kind)?.algorithm ?? null;
    return { id, status, trigger, preset, stage, progress, createdAt, algorithm, ...foretold[i]! };
  });
}
