// Measures a judge on pairs that people have judged; whether it may label follows from the figures.
import { desc, eq } from 'drizzle-orm';
import { principlesFor } from '@/core/judging/constitution';
import { type MeasuredPair, measureJudge } from '@/core/judging/figures';
import type { Database, Executor } from '@/db/client';
import { readTrust } from '@/db/raters/trust';
import { judgeMeasurement } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { readCompletions, readPrompt } from '@/server/services/rating/task-view';
import type { Held } from './hold';
import { findJudgedPairs, type JudgedPair } from './items';
import { compareBothOrders, type JudgeReader, unlessTooLong } from './reader';

/** Each costs two calls, and each repeated one two more. */
const MOST_PAIRS = 120;
const REPEATED = 30;

/** Writes the figures once all pairs are read; a measurement that is broken off leaves none. */
export async function measure(product: Product, held: Held, reader: JudgeReader): Promise<void> {
  const { db } = product;
  const { row, constitution, signal } = held;
  const principles = principlesFor(constitution.principles, 'comparison');
  const sides = await sidesOfPeople(db, await findJudgedPairs(db, row, MOST_PAIRS));
  const measured: MeasuredPair[] = [];
  for (const [at, { pair, people }] of sides.entries()) {
    if (!(await held.progress(at, sides.length))) return;
    const [left, right] = (await readCompletions(db, [pair.left, pair.right])) as [string, string];
    // Deleted meanwhile.
    if (left === '' || right === '') continue;
    const asked = { dialogue: await readPrompt(db, pair.messageId), left, right };
    const read = () => unlessTooLong(compareBothOrders(reader, principles, asked, signal));
    const orders = await read();
    if (orders === null || orders === 'too_long') continue;
    const repeat = at < REPEATED ? await read() : null;
    measured.push({
      orders,
      repeat: repeat === 'too_long' ? null : repeat,
      people,
      lengthRatio: Math.log(Math.max(1, left.length) / Math.max(1, right.length)),
    });
  }
  await held.finish(sides.length, async (tx) => {
    await tx.insert(judgeMeasurement).values({
      judgeId: row.id,
      constitutionVersion: constitution.version,
      figures: measureJudge(measured),
      price: reader.takePrice(),
    });
  });
}

/** Votes weigh by the trust in their people; pairs on which these are even are left out. */
async function sidesOfPeople(db: Database, pairs: readonly JudgedPair[]) {
  const trustOf = await readTrust(db);
  return pairs.flatMap((pair) => {
    const lean = pair.votes.reduce(
      (sum, { userId, choice }) => sum + trustOf(userId, 'comparison') * (choice === 'left' ? 1 : -1),
      0,
    );
    return lean === 0 ? [] : [{ pair, people: lean > 0 ? (1 as const) : (-1 as const) }];
  });
}

/** Newest first. */
export const readMeasurements = (db: Executor, judgeId: string, most: number) =>
  db
    .select()
    .from(judgeMeasurement)
    .where(eq(judgeMeasurement.judgeId, judgeId))
    .orderBy(desc(judgeMeasurement.id))
    .limit(most);
