// Reads texts as they were before rules acted on them, of conversations that admins may read.
import { and, desc, eq, isNotNull, lt, ne, type SQL } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Tokenizer } from '@/core/base/base';
import type { Judged } from '@/core/constraints/judge-text';
import { conversation, generation, message } from '@/db/schema';
import { AnswerText } from '@/server/constraints/answer-text';
import type { Product } from '@/server/services/product';

/** Whoever consented was told that administrators also read what nobody has rated. */
export const isReadable = and(eq(conversation.allowTraining, true), eq(conversation.readersNamed, true))!;

/** An answer's text up to its stop string. */
export function textOf(tokenizer: Tokenizer, ids: readonly number[], stops: readonly string[]): string {
  const answer = new AnswerText(tokenizer, { push: (text) => text, end: () => '', take: () => '' }, stops);
  answer.push(ids);
  answer.end();
  return answer.visible;
}

interface Page extends Judged {
  at: Date;
}

/** The newest answers, or the newest before `before`. */
export async function readAnswersBefore(product: Product, before: Date | null, most: number): Promise<Page[]> {
  const asked = alias(message, 'asked');
  const rows = await product.db
    .select({
      at: generation.createdAt,
      ids: generation.completionIds,
      sampling: generation.sampling,
      systemPrompt: generation.systemPrompt,
      input: asked.content,
    })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .leftJoin(asked, eq(asked.id, message.parentId))
    .where(
      and(
        isReadable,
        isNotNull(generation.versionId),
        ne(generation.status, 'running'),
        isBefore(generation.createdAt, before),
      ),
    )
    .orderBy(desc(generation.createdAt))
    .limit(most);
  const { tokenizer } = product.base;
  return rows.map(({ at, ids, sampling, systemPrompt, input }) => ({
    ...{ at, text: textOf(tokenizer, ids, sampling.stop) },
    context: { input, systemPrompt },
  }));
}

/** The newest messages of people, as the model reads them. */
export async function readMessagesBefore({ db }: Product, before: Date | null, most: number): Promise<Page[]> {
  const rows = await db
    .select({ at: message.createdAt, text: message.content })
    .from(message)
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(and(isReadable, eq(message.role, 'user'), isBefore(message.createdAt, before)))
    .orderBy(desc(message.createdAt))
    .limit(most);
  return rows.map(({ at, text }) => ({ at, text, context: { input: null, systemPrompt: null } }));
}

const isBefore = (
  column: typeof generation.createdAt | typeof message.createdAt,
  before: Date | null,
): SQL | undefined => (before ? lt(column, before) : undefined);
