// Follows an answer that another process writes or that has ended: its reader gets all of it once its row is complete.
import { eq } from 'drizzle-orm';
import type { RuleSet } from '@/core/constraints/rules';
import { AttuneError, toAttuneError } from '@/core/errors';
import { generation } from '@/db/schema';
import { AnswerText } from '@/server/constraints/answer-text';
import type { Product } from '@/server/services/product';
import { type GenerationRow, watch } from './generation';
import { RunningGeneration } from './running-generation';

/** The generation that is running here, or one that is filled when it has ended elsewhere; the signal ends the wait. */
export function follow(product: Product, row: GenerationRow, rules: RuleSet, signal: AbortSignal): RunningGeneration {
  const here = product.running.get(row.id);
  if (here) return here;
  const answer = new AnswerText(product.base.tokenizer, rules, row.sampling.stop);
  const followed = new RunningGeneration({ ...row, completionIds: [], logprobs: [] }, answer);
  followed.done = fill(product, row, followed, answer, signal)
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
  answer: AnswerText,
  signal: AbortSignal,
): Promise<void> {
  for await (const { event } of watch(product, userId, { generationId: id }, signal)) {
    if (event.type !== 'end') continue;
    const [row] = await product.db.select().from(generation).where(eq(generation.id, id));
    if (!row) throw new AttuneError('NOT_FOUND', `The answer ${id} has been removed.`);
    followed.ids.push(...row.completionIds);
    // Postgres returns the shortest decimal of a float32.
    followed.logprobs.push(...row.logprobs.map(Math.fround));
    followed.top.push(...(row.topTokens ?? []));
    answer.push(row.completionIds);
    answer.end();
    followed.end = event;
  }
}
