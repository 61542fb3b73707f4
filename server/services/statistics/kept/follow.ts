// Has the figures of the pages that open most counted now and then, so that a page finds them ready.
import { sql } from 'drizzle-orm';
import { toAttuneError } from '@/core/errors';
import { hasFewVotes } from '@/db/feedback/newest-votes';
import { readKept } from '@/db/kept-figures';
import { feedback } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { LeaderboardControls } from '../leaderboard';
import type { FigureName } from './calculator';
import { countAnew, keyOf } from './kept';

const LOOK_EVERY_MS = 60_000;
/** Figures that are younger are not counted anew by themselves. */
const YOUNG_SECONDS = 600;

/** Trust first: the others are counted with it. */
const USUAL: [FigureName, unknown][] = [
  ['trust', null],
  ['versions', null],
  ['leaderboard', LeaderboardControls.parse({})],
  ['groups', {}],
  ['agreement', null],
  ['raters', null],
];

/** In each web process; whichever is first counts. */
export function followFigures(product: Product): { close(): Promise<void> } {
  const { log } = product;
  let isClosed = false;
  let working: Promise<void> | null = null;
  const look = () => {
    working ??= countOld(product, () => isClosed)
      .catch((error: unknown) => {
        if (!isClosed) log.warn({ err: toAttuneError(error) }, 'figures could not be counted');
      })
      .finally(() => {
        working = null;
      });
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    async close() {
      isClosed = true;
      clearInterval(timer);
      product.calculator.close();
      await working;
    },
  };
}

async function countOld(product: Product, isClosed: () => boolean): Promise<void> {
  const { db } = product;
  if (await hasFewVotes(db)) return;
  for (const [name, input] of USUAL) {
    const kept = await readKept(db, keyOf(name, input));
    const isYoung = kept && (kept.ageSeconds < YOUNG_SECONDS || !(await hasVotesSince(product, kept.countedAt)));
    if (isClosed()) return;
    if (!isYoung) await countAnew(product, name, input);
  }
}

async function hasVotesSince({ db }: Product, at: Date): Promise<boolean> {
  const { rows } = await db.execute<{ has: boolean }>(sql`select exists (select from ${feedback}
    where ${feedback.kind} <> 'implicit' and ${feedback.createdAt} > ${at.toISOString()}::timestamptz) as has`);
  return rows[0]!.has;
}
