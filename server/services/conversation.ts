// Conversations: listed, read, renamed and removed by the person who owns them.
import { and, asc, desc, eq, ilike, isNull, or, type SQL, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Choice, FeedbackValue } from '@/core/feedback/kinds';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import type { Executor } from '@/db/client';
import { comparison, conversation, feedback, generation, message } from '@/db/schema';
import { cursorOf, isBehind, readCursor } from './cursor';
import type { Product } from './product';
import { checkCharacters, checkText } from './text';
import type { ComparisonView, ConversationListView, ConversationView, MessageView } from './views';

const PAGE = 30;

/** Newest first. `query` looks in titles and messages; `cursor` is the last item of the previous page. */
export async function list(
  { db }: Product,
  userId: string,
  { query, cursor }: { query?: string; cursor?: string | null },
): Promise<ConversationListView> {
  // Conversations of API keys and uploaded prompts are left out, because they would bury the chats.
  const conditions: (SQL | undefined)[] = [
    eq(conversation.userId, userId),
    isNull(conversation.apiKeyId),
    isNull(conversation.promptSetId),
  ];
  if (query?.trim()) {
    checkCharacters(query, 'search text');
    const pattern = `%${query.trim().replace(/[\\%_]/g, '\\$&')}%`;
    const inMessages = db
      .select({ id: message.conversationId })
      .from(message)
      .where(and(eq(message.conversationId, conversation.id), ilike(message.content, pattern)));
    conditions.push(or(ilike(conversation.title, pattern), sql`exists ${inMessages}`));
  }
  if (cursor) {
    conditions.push(isBehind(readCursor(cursor), conversation.updatedAt, conversation.id));
  }
  const rows = await db
    .select({
      id: conversation.id,
      title: conversation.title,
      updatedAt: conversation.updatedAt,
      cursor: cursorOf(conversation.updatedAt, conversation.id),
    })
    .from(conversation)
    .where(and(...conditions))
    .orderBy(desc(conversation.updatedAt), desc(conversation.id))
    .limit(PAGE + 1);
  const page = rows.slice(0, PAGE);
  const last = page.at(-1);
  return {
    items: page.map(({ id, title, updatedAt }) => ({ id, title, updatedAt })),
    nextCursor: rows.length > PAGE && last ? last.cursor : null,
  };
}

/** Another person's conversation is "not found" rather than "forbidden", because its existence is also private. */
export async function own(db: Executor, userId: string, id: string) {
  const [row] = await db
    .select()
    .from(conversation)
    .where(and(eq(conversation.id, id), eq(conversation.userId, userId)));
  if (!row) throw new AttuneError('NOT_FOUND', `You have no conversation ${id}; it may have been removed.`);
  return row;
}

export async function get({ db, running }: Product, userId: string, id: string): Promise<ConversationView> {
  const row = await own(db, userId, id);
  const messages = await db
    .select({ message, generation, thumb: feedback.value, comment: feedback.comment })
    .from(message)
    .leftJoin(generation, eq(generation.messageId, message.id))
    .leftJoin(
      feedback,
      and(eq(feedback.generationId, generation.id), eq(feedback.userId, userId), eq(feedback.kind, 'thumb')),
    )
    .where(eq(message.conversationId, id))
    .orderBy(asc(message.createdAt), asc(message.id));
  const messageOf = new Map(messages.flatMap((row) => (row.generation ? [[row.generation.id, row.message.id]] : [])));
  const pairs = await db
    .select({ comparison, choice: sql<Choice | null>`${feedback.value} ->> 'choice'` })
    .from(comparison)
    .leftJoin(feedback, and(eq(feedback.comparisonId, comparison.id), eq(feedback.userId, userId)))
    .where(eq(comparison.conversationId, id))
    .orderBy(asc(comparison.createdAt));
  const blind = new Set(
    pairs.flatMap((pair) => (pair.choice ? [] : [pair.comparison.leftGenerationId, pair.comparison.rightGenerationId])),
  );
  return {
    id,
    title: row.title,
    allowTraining: row.allowTraining,
    messages: messages.map(
      ({ message, generation, thumb, comment }): MessageView => ({
        id: message.id,
        parentId: message.parentId,
        role: message.role,
        content: (generation && running.get(generation.id)?.text) ?? message.content,
        createdAt: message.createdAt,
        generation: generation && {
          id: generation.id,
          status: generation.status,
          finishReason: generation.finishReason,
          versionId: blind.has(generation.id) ? null : generation.versionId,
          completionTokens: generation.completionIds.length,
          isMasked: generation.constraintHits.length > 0,
          ...thumbView(thumb as FeedbackValue<'thumb'> | null),
          comment,
          error: generation.error,
        },
      }),
    ),
    comparisons: pairs.map(
      ({ comparison, choice }): ComparisonView => ({
        id: comparison.id,
        leftMessageId: messageOf.get(comparison.leftGenerationId)!,
        rightMessageId: messageOf.get(comparison.rightGenerationId)!,
        source: comparison.source,
        choice,
      }),
    ),
  };
}

function thumbView(thumb: FeedbackValue<'thumb'> | null): { thumb: 1 | -1 | null; reasons: string[] } {
  return thumb ? { thumb: thumb.up ? 1 : -1, reasons: thumb.reasons } : { thumb: null, reasons: [] };
}

export async function rename({ db }: Product, userId: string, input: { id: string; title: string }): Promise<void> {
  const title = input.title.trim();
  checkText(title, 'title', TEXT_LIMITS.title);
  await own(db, userId, input.id);
  await db.update(conversation).set({ title }).where(eq(conversation.id, input.id));
}

/** Also removes its messages, generations and feedback; answers in progress stop. */
export async function remove({ db, running }: Product, userId: string, id: string): Promise<void> {
  await own(db, userId, id);
  const removed = await db.select({ id: generation.id }).from(generation).where(eq(generation.conversationId, id));
  await db.delete(conversation).where(eq(conversation.id, id));
  for (const row of removed) running.get(row.id)?.abandon();
}

/** Every chat, and the conversations of the person's API keys, which no list shows; uploaded prompts stay. */
export async function removeAll({ db, running }: Product, userId: string): Promise<{ removed: number }> {
  const own = and(eq(conversation.userId, userId), isNull(conversation.promptSetId));
  const answers = await db
    .select({ id: generation.id })
    .from(generation)
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .where(and(own, eq(generation.status, 'running')));
  const removed = await db.delete(conversation).where(own).returning({ id: conversation.id });
  for (const { id } of answers) running.get(id)?.abandon();
  return { removed: removed.length };
}

export async function setAllowTraining(
  { db }: Product,
  userId: string,
  input: { id: string; allowTraining: boolean },
): Promise<void> {
  await own(db, userId, input.id);
  await db.update(conversation).set({ allowTraining: input.allowTraining }).where(eq(conversation.id, input.id));
}

/** The conversation's name until its owner renames it. */
export function titleOf(text: string): string {
  const line = text.trim().split('\n', 1)[0]!.trim();
  const characters = Array.from(line);
  return characters.length <= 60 ? line : `${characters.slice(0, 59).join('').trimEnd()}…`;
}
