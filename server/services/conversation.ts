// Conversations: listed, read, renamed and removed by the person who owns them.
import { and, asc, desc, eq, ilike, isNull, or, type SQL, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { beginningOf } from '@/core/text/beginning';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import type { Executor } from '@/db/client';
import { comparison, conversation, generation, message } from '@/db/schema';
import type { GivenView } from '@/server/services/feedback/views';
import { patternOf } from './contains';
import { cursorOf, isBehind, readCursor } from './cursor';
import { readGiven } from './feedback/own-feedback';
import type { Product } from './product';
import { readNotices } from './rule/notice';
import { checkCharacters, checkText } from './text';
import type { ComparisonView, ConversationListView, ConversationView, MessageView } from './views';

const PAGE = 30;
/** Characters of a conversation's first name. */
const TITLE = 60;

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
    const pattern = patternOf(query);
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
    .select({ message, generation })
    .from(message)
    .leftJoin(generation, eq(generation.messageId, message.id))
    .where(eq(message.conversationId, id))
    .orderBy(asc(message.createdAt), asc(message.id));
  const given = await readGiven(db, userId, id);
  const notices = await readNotices(
    db,
    messages.map(({ message, generation }) => ({
      id: generation?.id ?? message.id,
      finishReason: generation?.finishReason ?? null,
    })),
  );
  const messageOf = new Map(messages.flatMap((row) => (row.generation ? [[row.generation.id, row.message.id]] : [])));
  const compared = await db
    .select()
    .from(comparison)
    .where(eq(comparison.conversationId, id))
    .orderBy(asc(comparison.createdAt));
  // Only a pair that the product asked about is open without a choice; other pairs belong to whoever judged them.
  const pairs = compared
    .map((pair) => ({ ...pair, given: given.get(pair.id)?.comparison }))
    .filter((pair) => pair.given || pair.source === 'side_by_side');
  const blind = new Set(pairs.flatMap((pair) => (pair.given ? [] : [pair.leftGenerationId, pair.rightGenerationId])));
  return {
    id,
    title: row.title,
    allowTraining: row.allowTraining,
    messages: messages.map(({ message, generation }): MessageView => {
      const onThis = given.get(generation?.id ?? message.id) ?? {};
      return {
        id: message.id,
        parentId: message.parentId,
        role: message.role,
        content: (generation && running.get(generation.id)?.text) ?? message.content,
        createdAt: message.createdAt,
        replacesId: message.replacesId,
        notices: notices.get(generation?.id ?? message.id) ?? [],
        given: onThis,
        generation: generation && {
          id: generation.id,
          status: generation.status,
          finishReason: generation.finishReason,
          versionId: blind.has(generation.id) ? null : generation.versionId,
          completionTokens: generation.completionIds.length,
          ...thumbView(onThis.thumb),
          error: generation.error,
        },
      };
    }),
    comparisons: pairs.map(
      ({ given, ...pair }): ComparisonView => ({
        id: pair.id,
        leftMessageId: messageOf.get(pair.leftGenerationId)!,
        rightMessageId: messageOf.get(pair.rightGenerationId)!,
        source: pair.source,
        choice: given?.value.choice ?? null,
        strength: given?.value.strength ?? null,
        comment: given?.comment ?? null,
      }),
    ),
  };
}

function thumbView(given: GivenView['thumb']) {
  if (!given) return { thumb: null, reasons: [], comment: null };
  const { value, comment } = given;
  return { thumb: value.up ? (1 as const) : (-1 as const), reasons: value.reasons, comment };
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
  { id, allowTraining }: { id: string; allowTraining: boolean },
): Promise<void> {
  await own(db, userId, id);
  await db.update(conversation).set({ allowTraining, readersNamed: allowTraining }).where(eq(conversation.id, id));
}

/** The conversation's name until its owner renames it. */
export function titleOf(text: string): string {
  return beginningOf(text.trim().split('\n', 1)[0]!, TITLE);
}
