// Holds figures of groups until the votes of enough people have changed, so that no two of them tell about one person.
import { eq, sql } from 'drizzle-orm';
import { groupBy } from '@/core/group-by';
import { sha256 } from '@/core/hash';
import { FEWEST_PEOPLE, type Folded } from '@/core/statistics/fold';
import { raterIdOf } from '@/core/trust/rater-id';
import type { Database } from '@/db/client';
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

/** Whether there is a change, and each group, as shown and as it would be, has none or one of FEWEST_PEOPLE. */
function mayReplace(last: Cohort, next: Cohort): boolean {
  const changed = new Map<string, number>();
  const count = (name: string) => changed.set(name, (changed.get(name) ?? 0) + 1);
  for (const person of new Set([...Object.keys(last), ...Object.keys(next)])) {
    const [before, after] = [last[person], next[person]];
    if (before?.cell === after?.cell && before?.print === after?.print) continue;
    if (before) count(`before ${before.cell}`);
    if (after) count(`after ${after.cell}`);
  }
  return changed.size > 0 && [...changed.values()].every((people) => people >= FEWEST_PEOPLE);
}

/**
 * What was published last, or, if that may be replaced, what `compute` makes of the present votes. Null while all
 * together are too few. Whoever looks at once gets the same.
 */
export async function publishFigures<Figures>(
  db: Database,
  key: string,
  next: Cohort,
  compute: () => Figures,
): Promise<Held<Figures> | null> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`group figures ${key}`}, 0))`);
    const [last] = await tx.select().from(groupFigures).where(eq(groupFigures.key, key));
    const held = last && { figures: last.figures as Figures, publishedAt: last.publishedAt };
    if (last && !mayReplace(last.cohort, next)) return held!;
    if (Object.keys(next).length === 0) {
      await tx.delete(groupFigures).where(eq(groupFigures.key, key));
      return null;
    }
    const figures = compute();
    const row = { cohort: next, figures, publishedAt: sql`now()` };
    const [written] = await tx
      .insert(groupFigures)
      .values({ key, ...row })
      .onConflictDoUpdate({ target: groupFigures.key, set: row })
      .returning();
    return { figures: written!.figures as Figures, publishedAt: written!.publishedAt };
  });
}
