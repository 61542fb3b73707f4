// Holds figures of groups until the votes of enough people have changed, so that no two of them tell about one person.
import { isDeepStrictEqual } from 'node:util';
import { eq, sql } from 'drizzle-orm';
import { groupBy } from '@/core/group-by';
import { sha256 } from '@/core/hash';
import { FEWEST_PEOPLE, type Folded } from '@/core/statistics/fold';
import { raterIdOf } from '@/core/trust/rater-id';
import type { Executor } from '@/db/client';
import { groupFigures } from '@/db/schema';

/** By person, under a hash: the group in which they are shown, and a hash of all that their figures come from. */
type Cohort = Record<string, { cell: string; print: string }>;

interface Held<Figures> {
  figures: Figures;
  publishedAt: Date;
}

export function cohortOf<Vote extends { person: string }>(
  groups: readonly Folded<Vote>[],
  printOf: (votes: readonly Vote[]) => unknown,
): Cohort {
  const cohort: Cohort = {};
  for (const { value, items } of groups) {
    const cell = JSON.stringify(value);
    for (const [person, votes] of groupBy(items, (item) => item.person))
      cohort[raterIdOf(person)] = { cell, print: sha256(JSON.stringify(printOf(votes))) };
  }
  return cohort;
}

/**
 * Whether no group as shown, less a group as it would be shown, leaves fewer than FEWEST_PEOPLE who changed.
 * Groups are put together anew each time, so a group is compared with every other that has the same votes of anyone.
 */
function mayReplace(last: Cohort, next: Cohort): boolean {
  const [before, after] = [sizesOf(last), sizesOf(next)];
  const shared = new Map<string, number>();
  for (const [person, { cell, print }] of Object.entries(last)) {
    const now = next[person];
    if (now?.print !== print) continue;
    const pair = JSON.stringify([cell, now.cell]);
    shared.set(pair, (shared.get(pair) ?? 0) + 1);
  }
  const hides = (others: number) => others === 0 || others >= FEWEST_PEOPLE;
  return [...shared].every(([pair, both]) => {
    const [was, is] = JSON.parse(pair) as [string, string];
    return hides(before.get(was)! - both) && hides(after.get(is)! - both);
  });
}

function sizesOf(cohort: Cohort): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { cell } of Object.values(cohort)) sizes.set(cell, (sizes.get(cell) ?? 0) + 1);
  return sizes;
}

/** Waits for whoever else publishes. Votes that are read after it are newer than all that was published. */
export const lockFigures = (tx: Executor) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('group figures', 0))`);

/**
 * What was published last, or, if that may be replaced, what `compute` makes of the present votes. Null while all
 * together are too few; what was shown before is then compared with all the same. Whoever looks at once gets the same.
 */
export async function publishFigures<Figures>(
  tx: Executor,
  key: string,
  next: Cohort,
  compute: () => Figures,
): Promise<Held<Figures> | null> {
  const [last] = await tx.select().from(groupFigures).where(eq(groupFigures.key, key));
  const held = last?.figures ? { figures: last.figures as Figures, publishedAt: last.publishedAt } : null;
  if (last && !mayReplace(last.cohort, next)) return held;
  if (held && isDeepStrictEqual(last?.cohort, next)) return held;
  if (Object.keys(next).length === 0) {
    await tx.update(groupFigures).set({ figures: null }).where(eq(groupFigures.key, key));
    return null;
  }
  const row = { cohort: next, figures: compute(), publishedAt: sql`now()` };
  const [written] = await tx
    .insert(groupFigures)
    .values({ key, ...row })
    .onConflictDoUpdate({ target: groupFigures.key, set: row })
    .returning();
  return { figures: written!.figures as Figures, publishedAt: written!.publishedAt };
}

/** Forgets who somebody was in the published figures; that their votes are gone still counts as a change. */
export const forgetPerson = (tx: Executor, userId: string) =>
  tx.execute(sql`
    update ${groupFigures} set cohort = (cohort - ${raterIdOf(userId)}::text)
      || jsonb_build_object(gen_random_uuid()::text, cohort -> ${raterIdOf(userId)}::text)
    where cohort ? ${raterIdOf(userId)}::text`);
