// Reads texts as they were before rules acted on them, of conversations that admins may read.
import { and, desc, eq, isNotNull, ne } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Tokenizer } from '@/core/base/base';
import type { Judged } from '@/core/constraints/judge-text';
import { conversation, generation, message } from '@/db/schema';
import { AnswerText } from '@/server/constraints/answer-text';
import { cursorOf, isBehind, readCursor } from '@/server/services/cursor';
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
  /** Behind which the next page begins. */
  cursor: string;
}

/** The newest answers, or the newest behind a cursor. */
export async function readAnswersBehind(product: Product, cursor: string | null, most: number): Promise<Page[]> {
  const asked = alias(message, 'asked');
  const rows = await product.db
    .select({
      cursor: cursorOf(generation.createdAt, generation.id),
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
        cursor === null ? undefined : isBehind(readCursor(cursor), generation.createdAt, generation.id),
      ),
    )
    .orderBy(desc(generation.createdAt), desc(generation.id))
    .limit(most);
  const { tokenizer } = product.base;
  return rows.map(({ cursor, ids, sampling, systemPrompt, input }) => ({
    ...{ cursor, text: textOf(tokenizer, ids, sampling.stop) },
    context: { input, systemPrompt },
  }));
}

/** The newest messages of people, as the model reads them. */
export async function readMessagesBehind({ db }: Product, cursor: string | null, most: number): Promise<Page[]> {
  const rows = await db
    .select({ cursor: cursorOf(message.createdAt, message.id), text: message.content })
    .from(message)
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(
      and(
        isReadable,
        eq(message.role, 'user'),
        cursor === null ? undefined : isBehind(readCursor(cursor), message.createdAt, message.id),
      ),
    )
    .orderBy(desc(message.createdAt), desc(message.id))
    .limit(most);
  return rows.map(({ cursor, text }) => ({ cursor, text, context: { input: null, systemPrompt: null } }));
}
