// Writes what rules found in people's texts, and reads it for the conversations that it is in.
import { asc, or } from 'drizzle-orm';
import { groupBy } from '@/core/group-by';
import type { Executor } from '@/db/client';
import { insertAll, isOneOf } from '@/db/many';
import { constraintHit } from '@/db/schema';
import type { RuleHit } from '@/server/constraints/rule-hit';

/** Where a text is kept; `attempt` is a sample of the answer that was given up. Nothing for a text that was refused. */
export interface HitPlace {
  messageId?: string;
  generationId?: string;
  attempt?: number;
}

/** Call it in the transaction that writes the text. */
export async function writeHits(tx: Executor, place: HitPlace, hits: readonly RuleHit[]): Promise<void> {
  await insertAll(hits, (some) => tx.insert(constraintHit).values(some.map((hit) => ({ ...place, ...hit }))));
}

type HitRow = typeof constraintHit.$inferSelect;

/** The hits in these texts by the id of the message or generation; samples that were given up are left out. */
export async function readHits(db: Executor, ids: readonly string[]): Promise<Map<string, HitRow[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(constraintHit)
    .where(or(isOneOf(constraintHit.messageId, ids), isOneOf(constraintHit.generationId, ids)))
    .orderBy(asc(constraintHit.start), asc(constraintHit.end), asc(constraintHit.ruleId));
  return groupBy(
    rows.filter(({ attempt }) => attempt === null),
    ({ messageId, generationId }) => (messageId ?? generationId)!,
  );
}
