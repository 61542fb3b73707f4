// Finds the rules that hold for an answer, from its row: whoever writes it applies the same ones.
import { eq } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Context } from '@/core/constraints/scanner';
import { conversation, generation, message, user } from '@/db/schema';
import { audienceOf, type Planned, planOutput } from '@/server/constraints/plan';
import type { Caller } from '@/server/services/limits';
import type { Product } from '@/server/services/product';
import type { GenerationRow } from './row';

export interface Output {
  plan: Planned[];
  context: Context;
  /** Who pays for the tokens. */
  caller: Caller;
}

/** null if the answer has been removed. */
export async function readOutput(product: Product, row: GenerationRow): Promise<Output | null> {
  const asked = alias(message, 'asked');
  const [found] = await product.db
    .select({
      isAnonymous: user.isAnonymous,
      apiKeyId: conversation.apiKeyId,
      input: asked.content,
    })
    .from(generation)
    .innerJoin(message, eq(message.id, generation.messageId))
    .innerJoin(conversation, eq(conversation.id, generation.conversationId))
    .innerJoin(user, eq(user.id, generation.userId))
    .leftJoin(asked, eq(asked.id, message.parentId))
    .where(eq(generation.id, row.id));
  if (!found) return null;
  const rules = await product.rules.at(row.constraintRulesVersion);
  return {
    plan: planOutput(rules, audienceOf(found.isAnonymous, found.apiKeyId)),
    context: { input: found.input, systemPrompt: row.systemPrompt },
    caller: { userId: row.userId, apiKeyId: found.apiKeyId },
  };
}
