// Stores the turns of a prompt as messages: turns that the conversation already has are found and not written again.
import { randomUUID } from 'node:crypto';
import { and, eq, isNull } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import type { Executor } from '@/db/client';
import { insertAll } from '@/db/many';
import { conversation, message } from '@/db/schema';
import type { RuleHit } from '@/server/constraints/rule-hit';
import type { KeyOwner } from '@/server/services/account/api-key';
import { writeHits } from '@/server/services/rule/hit';
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

/** `hitsIn` has what rules found in a person's turn. Returns the id of the last turn's message; a conversation that grows with each request is one path of the tree. */
export async function insertTurns(
  tx: Executor,
  conversationId: string,
  turns: Turn[],
  hitsIn: ReadonlyMap<string, readonly RuleHit[]>,
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
  const rows: (typeof message.$inferInsert & { id: string })[] = [];
  for (const { role, content } of turns.slice(known)) {
    const id = randomUUID();
    rows.push({ id, conversationId, parentId, role, content });
    parentId = id;
  }
  await insertAll(rows, (some) => tx.insert(message).values(some));
  for (const { id, role, content } of rows)
    if (role === 'user') await writeHits(tx, { messageId: id }, hitsIn.get(content) ?? []);
  return parentId!;
}
