// Has the figures of the pages that open most counted now and then, so that a page finds them ready.
import { sql } from 'drizzle-orm';
import { hasFewVotes } from '@/db/feedback/newest-votes';
import { readKept } from '@/db/kept-figures';
import { feedback } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { type Repetition, repeat } from '@/server/services/repeat';
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
export function followFigures(product: Product): Pick<Repetition, 'close'> {
  const options = { everyMs: LOOK_EVERY_MS, failure: 'figures could not be counted' };
  const figures = repeat(product, options, (ending) => countOld(product, ending));
  figures.ask();
  return {
    async close() {
      const ended = figures.close();
      product.calculator.close();
      await ended;
    },
  };
}

async function countOld(product: Product, ending: AbortSignal): Promise<void> {
  const { db } = product;
  if (await hasFewVotes(db)) return;
  for (const [name, input] of USUAL) {
    const kept = await readKept(db, keyOf(name, input));
    const isYoung = kept && (kept.ageSeconds < YOUNG_SECONDS || !(await hasVotesSince(product, kept.countedAt)));
    if (ending.aborted) return;
    if (!isYoung) await countAnew(product, name, input);
  }
}

async function hasVotesSince({ db }: Product, at: Date): Promise<boolean> {
  const { rows } = await db.execute<{ has: boolean }>(sql`select exists (select from ${feedback}
    where ${feedback.kind} <> 'implicit' and ${feedback.createdAt} > ${at.toISOString()}::timestamptz) as has`);
  return rows[0]!.has;
}
