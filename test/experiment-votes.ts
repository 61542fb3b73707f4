// Writes thumbs of many new people into an experiment on versions, by the rates of its arms.
import { randomUUID } from 'node:crypto';
import { and, eq, isNotNull } from 'drizzle-orm';
import type { Database } from '@/db/client';
import * as schema from '@/db/schema';

const { assignment, generation } = schema;

/** Half of the people are in each arm; an answer that may train must be there already. */
export async function writeExperimentVotes(
  db: Database,
  id: string,
  people: number,
  rates: { champion: number; candidate: number },
): Promise<void> {
  const [found] = await db
    .select({ sample: generation, parentId: schema.message.parentId })
    .from(generation)
    .innerJoin(schema.message, eq(schema.message.id, generation.messageId))
    .innerJoin(schema.conversation, eq(schema.conversation.id, generation.conversationId))
    .where(and(eq(schema.conversation.allowTraining, true), isNotNull(schema.message.parentId)))
    .limit(1);
  const { sample, parentId } = found!;
  const users = Array.from({ length: people }, () => randomUUID());
  await db.insert(schema.user).values(users.map((user) => ({ id: user, name: user, email: `${user}@example.org` })));
  const rows = users.map((userId, i) => {
    const arm = i % 2 === 0 ? ('champion' as const) : ('candidate' as const);
    // Every k-th of an arm's people is liked, so that the rate is exact.
    const nth = Math.floor(i / 2);
    const up = Math.floor((nth + 1) * rates[arm]) > Math.floor(nth * rates[arm]);
    return { userId, arm, up, messageId: randomUUID(), generationId: randomUUID() };
  });
  await db.insert(schema.message).values(
    rows.map(({ messageId }) => ({
      ...{ id: messageId, conversationId: sample.conversationId, parentId, content: '' },
      role: 'assistant' as const,
    })),
  );
  await db.insert(generation).values(
    rows.map(({ userId, arm, messageId, generationId }) => ({
      ...{
        ...sample,
        id: generationId,
        messageId,
        userId,
        arm,
        experimentId: id,
        propensity: 0.5,
        status: 'done' as const,
      },
    })),
  );
  await db.insert(schema.feedback).values(
    rows.map(({ userId, generationId, up }) => ({
      userId,
      generationId,
      kind: 'thumb' as const,
      value: { up, reasons: [] },
    })),
  );
  await db.insert(assignment).values(
    rows.map(({ userId, arm }) => ({
      experimentId: id,
      userId,
      arm,
      bucket: arm === 'candidate' ? 0.2 : 0.7,
      propensity: 0.5,
    })),
  );
}
