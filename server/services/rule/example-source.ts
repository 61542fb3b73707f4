// Keeps examples that were taken from people's texts tied to those texts: they go with the text, and when an admin removes them.
import { and, eq, sql } from 'drizzle-orm';
import type { Example } from '@/core/constraints/rule';
import type { Executor } from '@/db/client';
import { isOneOf } from '@/db/many';
import { constraintHit, ruleVersion } from '@/db/schema';

/** Of settings that may be of a form that is not read. */
export const examplesOf = (version: { settings: Record<string, unknown> } | undefined): Example[] =>
  Array.isArray(version?.settings.examples)
    ? version.settings.examples.filter((one) => typeof one?.text === 'string')
    : [];

/**
 * What may be saved of `examples`. One with the text of a former example keeps that one's source, and one whose source has
 * been or is being deleted is left out; the sources that are left stay until the transaction ends.
 */
export async function withSources(
  tx: Executor,
  ruleId: string,
  examples: readonly Example[],
  former: readonly Example[],
): Promise<Example[]> {
  const sources = new Map(former.map(({ text, hitId }) => [text, hitId]));
  const sourced = examples.map((example) => {
    const hitId = example.hitId ?? sources.get(example.text);
    return hitId === undefined ? example : { ...example, hitId };
  });
  const asked = hitIdsOf(sourced);
  if (asked.length === 0) return sourced;
  const rows = await tx
    .select({ id: constraintHit.id })
    .from(constraintHit)
    .where(and(eq(constraintHit.ruleId, ruleId), isOneOf(constraintHit.id, asked)))
    .orderBy(constraintHit.id)
    .for('key share', { skipLocked: true });
  const there = new Set(rows.map(({ id }) => id));
  return sourced.filter(({ hitId }) => hitId === undefined || there.has(hitId));
}

/** Takes the examples from people's texts that `kept` no longer has out of every version of the rule. */
export async function forgetRemoved(
  tx: Executor,
  ruleId: string,
  former: readonly Example[],
  kept: readonly Example[],
): Promise<void> {
  const stay = new Set(hitIdsOf(kept));
  const gone = hitIdsOf(former).filter((id) => !stay.has(id));
  if (gone.length === 0) return;
  const { settings } = ruleVersion;
  const ids = sql`${sql.param(gone)}::text[]`;
  await tx
    .update(ruleVersion)
    .set({
      settings: sql`jsonb_set(${settings}, '{examples}', coalesce((
        select jsonb_agg(e.value order by e.at)
        from jsonb_path_query(${settings}, '$.examples[*]') with ordinality as e(value, at)
        where (e.value ->> 'hitId') is null or (e.value ->> 'hitId') <> all(${ids})), '[]'))`,
    })
    .where(
      and(
        eq(ruleVersion.ruleId, ruleId),
        sql`exists (select from jsonb_path_query(${settings}, '$.examples[*]') e where e ->> 'hitId' = any(${ids}))`,
      ),
    );
}

const hitIdsOf = (examples: readonly Example[]) => examples.flatMap(({ hitId }) => hitId ?? []);
