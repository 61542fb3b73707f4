// Stores the turns of a prompt as messages: turns that the conversation already has are found and not written again.
import { randomUUID } from 'node:crypto';
import { and, eq, isNull } from 'drizzle-orm';
import { judge } from '@/core/constraints/judge';
import { AttuneError } from '@/core/errors';
import type { Settings } from '@/core/settings';
import type { Executor } from '@/db/client';
import { conversation, message } from '@/db/schema';
import type { KeyOwner } from '@/server/services/account/api-key';
import type { Turn } from './prompt';

/** True when the conversation was created just now; requests to one conversation take turns. */
export async function holdConversation(tx: Executor, owner: KeyOwner, id: string, title: string): Promise<boolean> {
  const { userId, apiKeyId, allowTraining } = owner;
  const made = await tx
    .insert(conversation)
    .values({ id, userId, apiKeyId, allowTraining, title })
    .onConflictDoNothing()
    .returning({ id: conversation.id });
  if (made.length > 0) return true;
  const mine = and(eq(conversation.id, id), eq(conversation.apiKeyId, apiKeyId));
  const [held] = await tx.select({ id: conversation.id }).from(conversation).where(mine).for('update');
  if (!held) {
    throw new AttuneError('NOT_FOUND', `There is no conversation ${id} of this key. Choose another UUID.`, {
      param: 'metadata.conversation_id',
    });
  }
  return false;
}

/** Returns the id of the last turn's message; a conversation that grows with each request is one path of the tree. */
export async function insertTurns(
  tx: Executor,
  settings: Settings,
  conversationId: string,
  turns: Turn[],
  isNew: boolean,
): Promise<string> {
  let parentId: string | null = null;
  let known = 0;
  while (!isNew && known < turns.length) {
    const { role, content } = turns[known]!;
    const [found]: { id: string }[] = await tx
      .select({ id: message.id })
      .from(message)
      .where(
        and(
          eq(message.conversationId, conversationId),
          parentId === null ? isNull(message.parentId) : eq(message.parentId, parentId),
          eq(message.role, role),
          eq(message.content, content),
        ),
      )
      .limit(1);
    if (!found) break;
    parentId = found.id;
    known++;
  }
  const rows: (typeof message.$inferInsert)[] = [];
  for (const { role, content } of turns.slice(known)) {
    const id = randomUUID();
    rows.push({ id, conversationId, parentId, role, content });
    parentId = id;
  }
  const last = rows.at(-1);
  if (last?.role === 'user') last.constraintHits = judge(settings.constraints, last.content).hits;
  if (rows.length > 0) await tx.insert(message).values(rows);
  return parentId!;
}
