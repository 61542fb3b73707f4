// What a frozen data set holds, for admins: by kind and split, source, group and trust, and who was trained on it.
import { setImmediate } from 'node:timers/promises';
import { asc, eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { isSelfGroup } from '@/core/groups';
import { isGiven, parseRow, ROW_KINDS } from '@/core/snapshot/snapshot';
import type { Executor } from '@/db/client';
import { feedback, trainingRun } from '@/db/schema';
import { isAmong } from '@/server/services/feedback/filter';
import type { Product } from '@/server/services/product';
import { findSnapshot, readFrozenLines } from './file';
import type { CountView, RowKind, RowSource, SnapshotContentView, SnapshotView, TrustLevel } from './views';

/** Rows between two pauses in which the process answers others. */
const AT_ONCE = 500;

export async function getSnapshot({ db, snapshots }: Product, id: string): Promise<SnapshotView> {
  const { sha256, frozenUpTo, createdAt, counts, tombstones } = await findSnapshot(db, id);
  const runs = await db
    .select({ id: trainingRun.id, status: trainingRun.status, resultVersionId: trainingRun.resultVersionId })
    .from(trainingRun)
    .where(eq(trainingRun.snapshotId, id))
    .orderBy(asc(trainingRun.createdAt));
  const facts = { id, sha256, frozenUpTo, createdAt, counts, runs };
  const blanked = tombstones.map(({ at, lines }) => ({ at: new Date(at), lines: lines.length }));
  try {
    const lines = await readFrozenLines(db, snapshots, id);
    return { ...facts, blanked, trouble: null, content: await summarise(db, lines) };
  } catch (error) {
    if (!(error instanceof AttuneError) || (error.code !== 'NOT_FOUND' && error.code !== 'CORRUPT')) throw error;
    return { ...facts, blanked, trouble: error.code === 'CORRUPT' ? 'corrupt' : 'missing', content: null };
  }
}

async function summarise(db: Executor, lines: readonly string[]): Promise<SnapshotContentView> {
  const splits = { train: new Counts<RowKind>(), heldout: new Counts<RowKind>() };
  const groups = new Map<string, Counts<string>>();
  const trust = new Counts<TrustLevel>();
  const raters = new Set<string>();
  const sources = new Counts<RowSource>();
  const votes: string[] = [];
  let rows = 0;
  for (const line of lines) {
    if (line === '') continue;
    if (++rows % AT_ONCE === 0) await setImmediate();
    const row = parseRow(line);
    splits[row.split].add(row.kind);
    if (!isGiven(row)) {
      sources.add(row.kind);
      continue;
    }
    raters.add(row.raterId);
    trust.add(trustLevel(row.trust ?? 1));
    // Beside rows that lead to a name, counts by what raters say of themselves would tell who says it.
    for (const [name, value] of Object.entries(row.groups ?? {}).filter(([name]) => !isSelfGroup(name))) {
      const own = groups.get(name) ?? new Counts<string>();
      groups.set(name, own);
      own.add(value);
    }
    if (row.feedbackId) votes.push(row.feedbackId);
    else sources.add('file');
  }
  const sourceOf = await readSources(db, votes);
  for (const id of votes) sources.add(sourceOf.get(id) ?? 'withdrawn');
  return {
    ...{ rows, raters: raters.size, trust: trust.list, sources: sources.list },
    kinds: ROW_KINDS.map((kind) => ({ kind, train: splits.train.of(kind), heldout: splits.heldout.of(kind) })).filter(
      ({ train, heldout }) => train + heldout > 0,
    ),
    groups: [...groups].map(([name, values]) => ({ name, values: values.list })),
  };
}

function trustLevel(trust: number): TrustLevel {
  if (trust < 0) return 'inverted';
  if (trust === 0) return 'none';
  return trust < 0.5 ? 'little' : trust < 1 ? 'most' : 'full';
}

/** Where feedback was given, by its id. */
async function readSources(db: Executor, votes: readonly string[]) {
  const found = await db.select({ id: feedback.id, source: feedback.source }).from(feedback).where(isAmong(votes));
  return new Map(found.map(({ id, source }) => [id, source]));
}

class Counts<Name extends string> {
  private readonly counts = new Map<Name, number>();

  add(name: Name): void {
    this.counts.set(name, this.of(name) + 1);
  }

  of(name: Name): number {
    return this.counts.get(name) ?? 0;
  }

  /** The most frequent first. */
  get list(): CountView<Name>[] {
    return [...this.counts].map(([name, rows]) => ({ name, rows })).sort((a, b) => b.rows - a.rows);
  }
}
