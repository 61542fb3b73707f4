// Reads how long the runs of the past took, to estimate the next ones.
import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { JUDGED_STATUSES } from '@/core/contract';
import type { PastRun } from '@/core/runs/estimate';
import { ROW_KINDS } from '@/core/snapshot/snapshot';
import type { Executor } from '@/db/client';
import { snapshot, trainingRun } from '@/db/schema';

const MOST = 50;
/** Rows that no one gave. */
const NO_FEEDBACK = ['prompt', 'generation'];

/** Judged runs, newest first; without those that were interrupted, whose pauses say nothing about the next. */
export async function readPastRuns(db: Executor): Promise<PastRun[]> {
  const rows = await db
    .select({
      config: trainingRun.config,
      counts: snapshot.counts,
      seconds: sql<number>`extract(epoch from ${trainingRun.finishedAt} - ${trainingRun.startedAt})`.mapWith(Number),
    })
    .from(trainingRun)
    .innerJoin(snapshot, eq(snapshot.id, trainingRun.snapshotId))
    .where(
      and(
        eq(trainingRun.kind, 'train'),
        inArray(trainingRun.status, [...JUDGED_STATUSES]),
        eq(trainingRun.attempt, 1),
        isNotNull(trainingRun.startedAt),
        isNotNull(trainingRun.finishedAt),
      ),
    )
    .orderBy(desc(trainingRun.createdAt))
    .limit(MOST);
  return rows.map(({ config, counts, seconds }) => ({ ...identityOf(config), examples: examplesIn(counts), seconds }));
}

/** What makes two orders the same work: everything but the seeds. */
export function identityOf(config: Record<string, unknown>): Pick<PastRun, 'preset' | 'settings'> {
  return { preset: typeof config.preset === 'string' ? config.preset : null, settings: JSON.stringify(sorted(config)) };
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'seed');
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, own]) => [key, sorted(own)]));
}

const examplesIn = (counts: Readonly<Record<string, number>>) =>
  ROW_KINDS.filter((kind) => !NO_FEEDBACK.includes(kind))
    .flatMap((kind) => [counts[`${kind}/train`] ?? 0, counts[`${kind}/heldout`] ?? 0])
    .reduce((a, b) => a + b, 0);
