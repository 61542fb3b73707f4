// Reserves what a call of an endpoint may cost at most before it is sent, and settles it afterwards.
import { and, eq, lt, sql } from 'drizzle-orm';
import { priceOf } from '@/core/judging/judge';
import type { Executor } from '@/db/client';
import { judge } from '@/db/schema';

export interface CallTokens {
  prompt: number;
  completion: number;
}

/** `sealedKey` is the judge's at this moment. */
export type Reservation = { worst: number; waitMs: number; sealedKey: string | null } | { refusal: 'budget' | 'calls' };

/**
 * One statement, so that calls of several replicas take turns and are spread evenly over each minute. The budget is passed
 * only where an endpoint reports more tokens than it was allowed, and then by one call. What a process reserved and could
 * not settle before it died stays spent.
 */
export async function reserveCall(db: Executor, judgeId: string, most: CallTokens): Promise<Reservation> {
  const worst = sql<number>`((${most.prompt}::float8 * ${judge.promptPrice} + ${most.completion}::float8 * ${judge.completionPrice}) / 1e6)`;
  const slot = sql`greatest(${judge.nextCallAt}, clock_timestamp())`;
  const [reserved] = await db
    .update(judge)
    .set({
      calls: sql`${judge.calls} + 1`,
      spent: sql`${judge.spent} + ${worst}`,
      nextCallAt: sql`coalesce(${slot}, clock_timestamp()) + make_interval(secs => 60.0 / ${judge.requestsPerMinute})`,
    })
    .where(
      and(eq(judge.id, judgeId), lt(judge.calls, judge.mostCalls), sql`${judge.spent} + ${worst} <= ${judge.budget}`),
    )
    .returning({
      worst: worst.mapWith(Number),
      waitMs:
        sql<number>`1000 * extract(epoch from ${judge.nextCallAt} - make_interval(secs => 60.0 / ${judge.requestsPerMinute}) - clock_timestamp())`.mapWith(
          Number,
        ),
      sealedKey: judge.sealedKey,
    });
  if (reserved) return { ...reserved, waitMs: Math.max(0, reserved.waitMs) };
  const [now] = await db.select().from(judge).where(eq(judge.id, judgeId));
  return { refusal: now && now.calls >= now.mostCalls ? 'calls' : 'budget' };
}

/** Puts the price of the tokens used in place of what was reserved, and returns it. */
export async function settleCall(db: Executor, judgeId: string, worst: number, used: CallTokens): Promise<number> {
  const [now] = await db.select().from(judge).where(eq(judge.id, judgeId));
  const price = priceOf(used, now!);
  await db
    .update(judge)
    .set({
      spent: sql`greatest(0, ${judge.spent} - ${worst}::float8 + ${price}::float8)`,
      promptTokens: sql`${judge.promptTokens} + ${used.prompt}`,
      completionTokens: sql`${judge.completionTokens} + ${used.completion}`,
    })
    .where(eq(judge.id, judgeId));
  return price;
}
