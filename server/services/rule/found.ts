// The hits of a rule with their texts, for admins, and their mark as false.
import { and, count, desc, eq, isNull, or, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { AttuneError } from '@/core/errors';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { constraintHit, conversation, generation, generationAttempt, message, user } from '@/db/schema';
import { cursorOf, isBehind, readCursor } from '@/server/services/cursor';
import type { Product } from '@/server/services/product';
import { addFalseHit, holdRules, undoVersion } from './change';
import { excerptOf, sentencesAround } from './excerpt';
import { isReadable, textOf } from './read-text';
import type { FalseMarkView, HitPageView, HitView } from './views';

const PAGE = 20;
const marker = alias(user, 'marker');

/** Newest first. Hits in conversations that admins may not read are only counted. */
export async function listHits(product: Product, id: string, cursor: string | null): Promise<HitPageView> {
  const { db } = product;
  const behind = cursor ? isBehind(readCursor(cursor), constraintHit.createdAt, constraintHit.id) : undefined;
  const rows = await selectHits(db, and(eq(constraintHit.ruleId, id), isReadable, behind))
    .orderBy(desc(constraintHit.createdAt), desc(constraintHit.id))
    .limit(PAGE + 1);
  const page = rows.slice(0, PAGE);
  const [hidden] = await db
    .select({ hits: count() })
    .from(constraintHit)
    .leftJoin(generation, eq(generation.id, constraintHit.generationId))
    .leftJoin(message, eq(message.id, constraintHit.messageId))
    .leftJoin(conversation, inConversation)
    .where(and(eq(constraintHit.ruleId, id), or(isNull(conversation.id), sql`not ${isReadable}`)));
  return {
    items: page.map((row): HitView => {
      const { hit, generation, falseBy } = row;
      const text = readText(product, row);
      return {
        id: hit.id,
        scope: generation ? 'output' : 'input',
        action: hit.action,
        ruleVersion: hit.ruleVersion,
        versionId: generation?.versionId ?? null,
        isGivenUp: hit.attempt !== null,
        isUnjudged: hit.isUnjudged,
        excerpt: excerptOf(text, hit),
        createdAt: hit.createdAt,
        falseMark: hit.falseAt && { at: hit.falseAt, by: falseBy },
      };
    }),
    nextCursor: rows.length > PAGE ? page.at(-1)!.cursor : null,
    hidden: hidden!.hits,
  };
}

/** The sentence becomes an example that the rule must not hit. A second mark changes nothing. */
export async function markFalseHit(product: Product, actorId: string, hitId: string): Promise<FalseMarkView> {
  return product.db.transaction(async (tx) => {
    await holdRules(tx);
    const row = await holdHit(tx, hitId);
    if (!row) throw new AttuneError('NOT_FOUND', `There is no hit ${hitId} that you may read.`);
    const { hit } = row;
    const { ruleId } = hit;
    if (hit.falseAt) return { ruleId, example: 'none', version: null };
    // Only the mask of a person's hidden words is stored.
    const text = hit.action === 'mask' && !row.generation ? '' : readText(product, row);
    await tx.update(constraintHit).set({ falseAt: sql`now()`, falseBy: actorId }).where(eq(constraintHit.id, hitId));
    await recordAudit(tx, actorId, 'rule.false_hit', ruleId, { hitId });
    return { ruleId, ...(await addFalseHit(tx, actorId, hit, sentencesAround(text, hit))) };
  });
}

/** Takes the mark back, and with it the example, if its version of the rule is named and still the newest. */
export async function unmarkFalseHit(
  product: Product,
  actorId: string,
  { id, version }: { id: string; version: number | null },
): Promise<{ isRestored: boolean }> {
  return product.db.transaction(async (tx) => {
    await holdRules(tx);
    const row = await holdHit(tx, id);
    if (!row) throw new AttuneError('NOT_FOUND', `There is no hit ${id} that you may read.`);
    const { ruleId, falseAt } = row.hit;
    if (!falseAt) return { isRestored: false };
    await tx.update(constraintHit).set({ falseAt: null, falseBy: null }).where(eq(constraintHit.id, id));
    await recordAudit(tx, actorId, 'rule.true_hit', ruleId, { hitId: id });
    return { isRestored: version !== null && (await undoVersion(tx, actorId, ruleId, version)) };
  });
}

/** One that is being deleted is there no more. */
async function holdHit(tx: Executor, id: string) {
  const lock = { of: constraintHit, skipLocked: true } as const;
  const [row] = await selectHits(tx, and(eq(constraintHit.id, id), isReadable)).for('no key update', lock);
  return row;
}

const inConversation: SQL = sql`${conversation.id} = coalesce(${generation.conversationId}, ${message.conversationId})`;

const selectHits = (db: Executor, where: SQL | undefined) =>
  db
    .select({
      hit: constraintHit,
      generation,
      attemptIds: generationAttempt.completionIds,
      content: message.content,
      falseBy: marker.name,
      cursor: cursorOf(constraintHit.createdAt, constraintHit.id),
    })
    .from(constraintHit)
    .leftJoin(generation, eq(generation.id, constraintHit.generationId))
    .leftJoin(message, eq(message.id, constraintHit.messageId))
    .leftJoin(
      generationAttempt,
      and(
        eq(generationAttempt.generationId, constraintHit.generationId),
        eq(generationAttempt.attempt, constraintHit.attempt),
      ),
    )
    .leftJoin(marker, eq(marker.id, constraintHit.falseBy))
    .innerJoin(conversation, inConversation)
    .where(where);

/** As it was when the rule found it. */
function readText(
  { base }: Product,
  { generation, attemptIds, content }: Awaited<ReturnType<typeof selectHits>>[number],
): string {
  if (!generation) return content ?? '';
  return textOf(base.tokenizer, attemptIds ?? generation.completionIds, generation.sampling.stop);
}
