// Finds a message's place in the tree of its conversation.
import { eq, inArray, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { conversation, generation, message } from '@/db/schema';
import { own } from '../conversation';

export type MessageRow = typeof message.$inferSelect;

/** Sends to one conversation take turns, so that a double click finds the rows of the first click. */
export async function holdConversation(tx: Executor, userId: string, id: string) {
  await tx.select({ id: conversation.id }).from(conversation).where(eq(conversation.id, id)).for('update');
  return own(tx, userId, id);
}

/** A person can reply only to an answer, and only to a finished one. */
export async function checkParent(tx: Executor, parent: MessageRow | undefined): Promise<void> {
  if (!parent) return;
  if (parent.role !== 'assistant') {
    throw new AttuneError('BAD_INPUT', `Message ${parent.id} is not an answer; use an answer, or null, as the parent.`);
  }
  const [row] = await tx
    .select({ status: generation.status })
    .from(generation)
    .where(eq(generation.messageId, parent.id));
  if (row?.status === 'running') {
    throw new AttuneError('CONFLICT', 'The answer is still being written; wait for it to end, or stop it.');
  }
}

/** From the first message to this one. */
export async function readPath(tx: Executor, conversationId: string, messageId: string): Promise<MessageRow[]> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    with recursive path as (
      select id, parent_id, 0 as depth from ${message} where id = ${messageId} and conversation_id = ${conversationId}
      union all
      select m.id, m.parent_id, p.depth + 1 from ${message} m join path p on m.id = p.parent_id
    ) select id from path order by depth desc`);
  if (rows.length === 0) {
    throw new AttuneError('NOT_FOUND', `There is no message ${messageId} in this conversation; open it again.`);
  }
  const ids = rows.map(({ id }) => id);
  const known = await tx.select().from(message).where(inArray(message.id, ids));
  const byId = new Map(known.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id)!);
}
