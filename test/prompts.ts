// Adds answered prompts with a thumb each to a database, so that a run has something to learn from and to be judged by.
import type { InferInsertModel } from 'drizzle-orm';
import { Sampling } from '@/core/sampling';
import type { Database } from '@/db/client';
import * as schema from '@/db/schema';

interface Asked {
  userId: string;
  versionId?: string;
  /** One prompt each, with the thumb that its answer gets and when. */
  thumbs: { up: boolean; at?: Date }[];
}

export async function addThumbs(db: Database, { userId, versionId = 'base', thumbs }: Asked): Promise<void> {
  const [talk] = await db.insert(schema.conversation).values({ userId, title: 't', allowTraining: true }).returning();
  const conversationId = talk!.id;
  const messages = await db
    .insert(schema.message)
    .values(thumbs.map(() => ({ conversationId, role: 'assistant' as const, content: 'an answer' })))
    .returning();
  const answers = await db
    .insert(schema.generation)
    .values(
      messages.map(
        ({ id }, i): InferInsertModel<typeof schema.generation> => ({
          ...{ messageId: id, conversationId, userId, versionId, status: 'done', seed: 1 },
          ...{ promptIds: [1, 5, 6 + i], completionIds: [7, 2] },
          sampling: Sampling.parse({ temperature: 1, topK: 0, topP: 1, seed: 1, maxTokens: 9 }),
        }),
      ),
    )
    .returning();
  await db.insert(schema.feedback).values(
    answers.map(({ id }, i) => ({
      ...{ userId, kind: 'thumb' as const, generationId: id, value: { up: thumbs[i]!.up, reasons: [] } },
      ...(thumbs[i]!.at && { createdAt: thumbs[i]!.at, updatedAt: thumbs[i]!.at }),
    })),
  );
}
