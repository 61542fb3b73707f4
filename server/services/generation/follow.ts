// Follows an answer that another process writes or that has ended: its reader gets all of it once its row is complete.
import { eq, sql } from 'drizzle-orm';
import { AttuneError, toAttuneError } from '@/core/errors';
import { generation, generationAttempt } from '@/db/schema';
import { AnswerText } from '@/server/constraints/answer-text';
import { ShownBefore } from '@/server/constraints/output-rules';
import type { Product } from '@/server/services/product';
import { readHits } from '@/server/services/rule/hit';
import { watch } from './generation';
import type { GenerationRow } from './row';
import { RunningGeneration } from './running-generation';

/** The generation that is running here, or one that is filled when it has ended elsewhere; the signal ends the wait. */
export function follow(product: Product, row: GenerationRow, signal: AbortSignal): RunningGeneration {
  const here = product.running.get(row.id);
  if (here) return here;
  const followed = new RunningGeneration(row.id, null);
  followed.done = fill(product, row, followed, signal)
    .catch((error: unknown) => {
      followed.failure = toAttuneError(error);
    })
    .finally(() => {
      followed.isOver = true;
      followed.announce();
    });
  return followed;
}

async function fill(
  product: Product,
  { id, userId }: GenerationRow,
  followed: RunningGeneration,
  signal: AbortSignal,
): Promise<void> {
  const { db, base } = product;
  for await (const { event } of watch(product, userId, { generationId: id }, signal)) {
    if (event.type !== 'end') continue;
    const [row] = await db.select().from(generation).where(eq(generation.id, id));
    if (!row) throw new AttuneError('NOT_FOUND', `The answer ${id} has been removed.`);
    const hits = (await readHits(db, [id])).get(id) ?? [];
    // Judging it again could find something else, and ask another server a second time.
    const masked = hits.filter(({ action }) => action !== 'flag');
    const answer = new AnswerText(base.tokenizer, new ShownBefore(masked, event.text.length), row.sampling.stop);
    answer.push(row.completionIds);
    answer.end();
    followed.shown = {
      ids: row.completionIds,
      // Postgres returns the shortest decimal of a float32.
      logprobs: row.logprobs.map(Math.fround),
      top: row.topTokens ?? [],
      answer,
    };
    followed.spent = await readSpent(product, id);
    followed.end = event;
  }
}

async function readSpent({ db }: Product, id: string): Promise<number> {
  const [row] = await db
    .select({ tokens: sql<number>`coalesce(sum(cardinality(${generationAttempt.completionIds})), 0)`.mapWith(Number) })
    .from(generationAttempt)
    .where(eq(generationAttempt.generationId, id));
  return row!.tokens;
}
