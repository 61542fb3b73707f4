// Keeps the sums of each experiment's arms up to date, by the database's function `count_changes`, and reads them.
import { eq, sql } from 'drizzle-orm';
import type { Sample } from '@/core/statistics/confidence-sequence';
import type { Executor } from '@/db/client';
import { armFigure } from '@/db/schema';
import type { Arm } from './assign';

/** At first; half as many once a batch takes longer than it should, and twice as many once it is quick. */
const BATCH = { first: 500, least: 20, most: 4000 };
const LONG_MS = 250;
/** Until then the review waits for what is not yet counted. */
const MOST_MS = 1500;
/** `others`: another process counts at this moment. `more`: it was too much for one time. */
export type Counted = 'all' | 'more' | 'others';

export async function countChanges(db: Executor): Promise<Counted> {
  const began = performance.now();
  let size = BATCH.first;
  while (performance.now() - began < MOST_MS) {
    const from = performance.now();
    const taken = await countBatch(db, size);
    if (taken === null) return 'others';
    if (taken < size) return 'all';
    const took = performance.now() - from;
    size = Math.min(
      BATCH.most,
      Math.max(BATCH.least, took > LONG_MS ? size >> 1 : took < LONG_MS / 4 ? size * 2 : size),
    );
  }
  return 'more';
}

/** The number of changes that were taken; null if another process holds the turn. */
async function countBatch(db: Executor, size: number): Promise<number | null> {
  // One call, so that a process that stands still never holds the turn.
  const { rows } = await db.execute<{ taken: number }>(sql`select count_changes(${size}) as taken`);
  const { taken } = rows[0]!;
  return taken < 0 ? null : taken;
}

/** By arm and guard; the number is Kish's effective one, and that of people where all weigh the same. */
export async function readArms(db: Executor, experimentId: string): Promise<(arm: Arm, guard: string) => Sample> {
  const rows = await db.select().from(armFigure).where(eq(armFigure.experimentId, experimentId));
  return (arm, guard) => {
    const row = rows.find((one) => one.arm === arm && one.guard === guard);
    const [weight, weighted, squares, weightSquares] = row
      ? [row.weight, row.weighted, row.squares, row.weightSquares].map(Number)
      : [0];
    if (!weight) return { mean: 0, variance: 0, n: 0 };
    const mean = weighted! / weight;
    const n = weight ** 2 / weightSquares!;
    const spread = Math.max(0, squares! / weight - mean ** 2);
    return { mean, variance: n > 1 ? (spread * n) / (n - 1) : 0, n };
  };
}
