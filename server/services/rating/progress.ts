// What a rater sees of their own work: how much, how long, how far it agrees, and where it stands.
import { and, count, eq, isNotNull, sql } from 'drizzle-orm';
import { type PlaceRange, placesOf } from '@/core/statistics/places';
import type { Executor } from '@/db/client';
import { isOneOf } from '@/db/many';
import { conversation, message, raterStanding, ratingAssignment, ratingTask, user } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { figures } from '@/server/services/statistics/kept/kept';
import { checkStanding, type Rater } from './assignment';
import { isOpenTo } from './claim';
import { type RaterEvidence, readEvidence } from './evidence';
import type { LeaderView, RaterCountsView, RaterProgressView, RaterView } from './views';

/** `dayStart` is the midnight that began the rater's day. */
export async function readCounts({ db }: Product, rater: Rater, dayStart: Date): Promise<RaterCountsView> {
  const isDone = sql`${ratingAssignment.status} = 'done'`;
  const [counts] = await db
    .select({
      done: countOf(isDone),
      doneToday: countOf(sql`${isDone} and ${ratingAssignment.finishedAt} >= ${dayStart.toISOString()}::timestamptz`),
    })
    .from(ratingAssignment)
    .where(eq(ratingAssignment.userId, rater.id));
  return counts!;
}

export async function readProgress(product: Product, rater: Rater, dayStart: Date): Promise<RaterProgressView> {
  const { db } = product;
  const { maySettle } = await checkStanding(db, rater);
  const [counts] = await db
    .select({ skipped: countOf(sql`${ratingAssignment.status} = 'skipped'`) })
    .from(ratingAssignment)
    .where(eq(ratingAssignment.userId, rater.id));
  const [open] = await db
    .select({ n: count() })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(isOpenTo(rater, maySettle));
  const { value: evidence } = await figures(product, 'raters', null, () => readEvidence(db));
  const places = placesIn(evidence);
  const own = evidence.find(({ userId }) => userId === rater.id);
  return {
    ...(await readCounts(product, rater, dayStart)),
    ...counts!,
    open: open!.n,
    medianSeconds: await readTimes(db, rater),
    withTruth: own?.withTruth ?? null,
    withOthers: own?.withOthers ?? null,
    withSelf: own?.withSelf ?? null,
    leaderboard: evidence.map((leader, at) => ({
      ...leaderOf(leader, at, places),
      isMe: leader.userId === rater.id,
    })),
  };
}

const countOf = (condition: ReturnType<typeof sql>) =>
  sql<number>`count(*) filter (where ${condition})`.mapWith(Number);

const median =
  sql<number>`percentile_cont(0.5) within group (order by ${ratingAssignment.milliseconds}) / 1000`.mapWith(Number);

const readTimes = (db: Executor, rater: Rater) =>
  db
    .select({ kind: ratingTask.kind, seconds: median, count: count() })
    .from(ratingAssignment)
    .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .where(and(eq(ratingAssignment.userId, rater.id), isNotNull(ratingAssignment.milliseconds)))
    .groupBy(ratingTask.kind)
    .orderBy(ratingTask.kind);

/** In the order of the evidence; without a shared answer every place is open. */
const placesIn = (evidence: readonly RaterEvidence[]): PlaceRange[] =>
  placesOf(evidence.map(({ withOthers }) => withOthers ?? { low: 0, high: 1 }));

const leaderOf = (
  { withOthers, done, coverage }: Pick<LeaderView, 'withOthers' | 'done' | 'coverage'>,
  at: number,
  places: readonly PlaceRange[],
): LeaderView => ({ rank: at + 1, place: places[at] ?? null, withOthers, done, coverage });

/** Everyone who has worked, best agreement first. */
export async function listRaters(product: Product): Promise<RaterView[]> {
  const { db } = product;
  const { value: evidence } = await figures(product, 'raters', null, () => readEvidence(db));
  const places = placesIn(evidence);
  const worked = await db
    .select({
      id: user.id,
      name: user.name,
      skipped: countOf(sql`${ratingAssignment.status} = 'skipped'`),
      medianSeconds: median,
      lastAt: sql<Date | null>`max(${ratingAssignment.finishedAt})`.mapWith(ratingAssignment.finishedAt),
    })
    .from(ratingAssignment)
    .innerJoin(user, eq(user.id, ratingAssignment.userId))
    .groupBy(user.id);
  const ids = worked.map(({ id }) => id);
  const standings = await db.select().from(raterStanding).where(isOneOf(raterStanding.userId, ids));
  const none = { done: 0, coverage: 0, withTruth: null, withOthers: null, withSelf: null };
  const placeOf = (id: string) => {
    const at = evidence.findIndex(({ userId }) => userId === id);
    return at < 0 ? evidence.length : at;
  };
  return worked
    .map((row) => {
      const at = placeOf(row.id);
      const own = evidence[at] ?? none;
      const standing = standings.find(({ userId }) => userId === row.id);
      return {
        ...row,
        medianSeconds: row.medianSeconds || null,
        ...leaderOf(own, at, places),
        withTruth: own.withTruth,
        withSelf: own.withSelf,
        standing: standing?.standing ?? null,
        standingReason: standing?.reason ?? null,
      };
    })
    .sort((a, b) => a.rank - b.rank);
}
