// Who is believed, from real rows: agreement with others, an admin's word, and what is no evidence at all.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { Rng } from '@/core/rng';
import { Sampling } from '@/core/sampling';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { readJudgements } from '@/db/raters/evidence';
import { readTrust } from '@/db/raters/trust';
import * as schema from '@/db/schema';
import { createTestDatabase } from './database';

const PAIRS = 60;
const HONEST = ['ann', 'bea', 'cat', 'dan'];
let db: Database;
let drop: () => Promise<void>;
let taskId: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  db = getDatabase(database.url);
  drop = async () => {
    await closeDatabase(database.url);
    await database.drop();
  };
  await db.insert(schema.version).values({ id: BASE_VERSION_ID, baseId: 'b', baseSha256: 'c', status: 'accepted' });
  const people = [...HONEST, 'inverter', 'new'];
  await db.insert(schema.user).values(people.map((id) => ({ id, name: id, email: `${id}@example.test` })));
  const [talk] = await db
    .insert(schema.conversation)
    .values({ userId: 'ann', title: 't', allowTraining: true })
    .returning();
  const conversationId = talk!.id;
  const [asked] = await db.insert(schema.message).values({ conversationId, role: 'user', content: 'q' }).returning();
  const answers = Array.from({ length: 2 * PAIRS }, () => ({ id: randomUUID(), messageId: randomUUID() }));
  await db.insert(schema.message).values(
    answers.map(({ messageId: id }) => ({
      id,
      conversationId,
      parentId: asked!.id,
      role: 'assistant' as const,
      content: 'a',
    })),
  );
  await db.insert(schema.generation).values(
    answers.map(({ id, messageId }, i) => ({
      id,
      messageId,
      conversationId,
      userId: 'ann',
      status: 'done' as const,
      versionId: BASE_VERSION_ID,
      sampling: Sampling.parse({ temperature: 1, topK: 0, topP: 1, seed: 1, maxTokens: 9 }),
      seed: 1,
      promptIds: [1],
      completionIds: Array.from({ length: 1 + (i % 3) }, () => 2),
    })),
  );
  const pairs = await db
    .insert(schema.comparison)
    .values(
      Array.from({ length: PAIRS }, (_, i) => ({
        conversationId,
        userId: 'ann',
        leftGenerationId: answers[2 * i]!.id,
        rightGenerationId: answers[2 * i + 1]!.id,
        source: 'workplace' as const,
      })),
    )
    .returning();
  // The better answer is left or right without a pattern. Honest people are wrong once in seven, each on other pairs, or
  // they would look like one person with four accounts; the inverter says the opposite of what is so.
  const rng = new Rng(3);
  const isLeft = Array.from({ length: PAIRS }, () => rng.uniform() < 0.5);
  const isRight = (userId: string) => (userId === 'inverter' ? rng.uniform() < 1 / 7 : rng.uniform() > 1 / 7);
  const choose = (isBetterLeft: boolean): FeedbackValue<'comparison'> => ({ choice: isBetterLeft ? 'left' : 'right' });
  await db.insert(schema.feedback).values(
    [...HONEST, 'inverter'].flatMap((userId) =>
      pairs.map(({ id }, i) => ({
        userId,
        kind: 'comparison' as const,
        comparisonId: id,
        value: choose(isLeft[i] === isRight(userId)),
      })),
    ),
  );
  const generationIds = [answers[0]!.id, answers[1]!.id];
  const truth = { kind: 'compare', value: { choice: 'left' } };
  const [task] = await db
    .insert(schema.ratingTask)
    .values({ kind: 'compare', messageId: asked!.id, generationIds, truth })
    .returning();
  taskId = task!.id;
});
afterAll(() => drop?.());

describe('trust', () => {
  it('is full for raters who agree, and below 0 for one who reliably says the opposite; a newcomer counts in full', async () => {
    const trustOf = await readTrust(db);
    for (const rater of HONEST) expect(trustOf(rater, 'comparison')).toBeGreaterThan(0.8);
    expect(trustOf('inverter', 'comparison')).toBeLessThan(-0.5);
    expect(trustOf('new', 'comparison')).toBe(1);
    // What an inverter writes cannot be turned over.
    expect(trustOf('inverter', 'correction')).toBe(0);
  });

  it('is an admin’s word where there is one', async () => {
    const standing = { reason: 'Looked at it.', setBy: 'admin' };
    await db.insert(schema.raterStanding).values([
      { userId: 'ann', standing: 'banned', ...standing },
      { userId: 'inverter', standing: 'trusted', ...standing },
    ]);
    const trustOf = await readTrust(db);
    expect([trustOf('ann', 'thumb'), trustOf('inverter', 'comparison')]).toEqual([0, 1]);
    await db.delete(schema.raterStanding);
  });

  it('reads checks and repeated items, with the place of each side and the time, and no vote without consent', async () => {
    const { generationIds } = (await db.select().from(schema.ratingTask))[0]!;
    const shown = generationIds.toReversed();
    await db.insert(schema.ratingAssignment).values({
      taskId,
      userId: 'new',
      status: 'done',
      lockedUntil: new Date(),
      shown,
      value: { kind: 'compare', value: { choice: 'right' } },
      milliseconds: 1234,
    });
    const [mine] = (await readJudgements(db)).filter(({ rater }) => rater === 'new');
    const isLeftA = generationIds[0]! < generationIds[1]!;
    // Right was chosen and shown first; left is known to be better, and one token shorter.
    expect(mine).toMatchObject({
      kind: 'comparison',
      label: isLeftA ? 0 : 1,
      truth: isLeftA ? 1 : 0,
      first: isLeftA ? -1 : 1,
      longer: isLeftA ? -1 : 1,
      milliseconds: 1234,
      sources: [BASE_VERSION_ID, BASE_VERSION_ID],
    });
    await db.update(schema.conversation).set({ allowTraining: false });
    expect((await readJudgements(db)).map(({ rater }) => rater)).toEqual(['new']);
    await db.update(schema.conversation).set({ allowTraining: true });
  });
});
