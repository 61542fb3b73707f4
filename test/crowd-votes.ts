// Writes the votes of a small crowd on three versions into a database: honest people, an inverter, two who copy, one banned.
import { randomUUID } from 'node:crypto';
import { Rng } from '@/core/rng';
import { Sampling } from '@/core/sampling';
import type { Database } from '@/db/client';
import * as schema from '@/db/schema';

export const HONEST = Array.from({ length: 8 }, (_, i) => `honest ${i}`);
const TWINS = ['twin a', 'twin b'];
export const PEOPLE = [...HONEST, 'inverter', ...TWINS, 'banned'];
/** In both matches honest people mostly vote for a. */
const MATCHES = [
  { a: 'v1', b: 'base', question: 'What is the best way to learn how to cook?' },
  { a: 'base', b: 'v2', question: '料理を覚えるのに一番よい方法は何ですか。' },
] as const;
const SHARE_OF_A = 0.8;
const PAIRS_A_MATCH = 70;
const OWNER = HONEST[0]!;
/** Six people give one answer, two another, and four none. */
const saidBy = (i: number): Record<string, string> => (i < 6 ? { age: '30-44' } : i < 8 ? { age: '60+' } : {});

/** The base is there already. Returns the message of each match. */
export async function writeCrowd(db: Database): Promise<string[]> {
  await db
    .insert(schema.version)
    .values(['v1', 'v2'].map((id) => ({ id, baseId: 'b', baseSha256: 'c', status: 'accepted' as const })));
  await db
    .insert(schema.user)
    .values(PEOPLE.map((id, i) => ({ id, name: id, email: `${i}@crowd.test`, groups: saidBy(i) })));
  const rng = new Rng(5);
  const asked: string[] = [];
  for (const match of MATCHES) asked.push(await writeMatch(db, match, rng));
  const word = { standing: 'banned' as const, reason: 'Votes against everyone.', setBy: 'an admin' };
  await db.insert(schema.raterStanding).values({ userId: 'banned', ...word });
  return asked;
}

async function writeMatch(db: Database, match: (typeof MATCHES)[number], rng: Rng): Promise<string> {
  const { a, b, question } = match;
  const [talk] = await db
    .insert(schema.conversation)
    .values({ userId: OWNER, title: 't', allowTraining: true, readersNamed: true })
    .returning();
  const conversationId = talk!.id;
  const [asked] = await db
    .insert(schema.message)
    .values({ conversationId, role: 'user', content: question })
    .returning();
  const pairs = Array.from({ length: PAIRS_A_MATCH }, () => {
    const isLeftA = rng.uniform() < 0.5;
    const [left, right] = (isLeftA ? [a, b] : [b, a]).map((versionId) => answerOf(versionId, rng));
    return { id: randomUUID(), isLeftA, left: left!, right: right! };
  });
  const answers = pairs.flatMap(({ left, right }) => [left, right]);
  await db.insert(schema.message).values(
    answers.map(({ messageId: id, content }) => ({
      ...{ id, conversationId, parentId: asked!.id, content },
      role: 'assistant' as const,
    })),
  );
  await db.insert(schema.generation).values(
    answers.map(({ id, messageId, versionId, completionIds }) => ({
      ...{ id, messageId, conversationId, versionId, completionIds, userId: OWNER },
      status: 'done' as const,
      sampling: Sampling.parse({ temperature: 1, topK: 0, topP: 1, seed: 1, maxTokens: 9 }),
      seed: 1,
      promptIds: [1],
    })),
  );
  await db.insert(schema.comparison).values(
    pairs.map(({ id, left, right }) => ({
      ...{ id, conversationId, userId: OWNER, leftGenerationId: left.id, rightGenerationId: right.id },
      source: 'workplace' as const,
    })),
  );
  const votes = pairs.flatMap(({ id, isLeftA }) => votesOn(id, isLeftA, rng));
  // In the order of the rows, one match after the other.
  const begun = Date.now() - (MATCHES.length - MATCHES.indexOf(match)) * 10_000;
  await db.insert(schema.feedback).values(votes.map((vote, i) => ({ ...vote, createdAt: new Date(begun + i) })));
  return asked!.id;
}

/** Answers of v1 are longer and have a list. */
function answerOf(versionId: string, rng: Rng) {
  const [shortest, content] = versionId === 'v1' ? [6, '- one\n- two'] : [3, 'plain'];
  const completionIds = Array.from({ length: shortest + rng.integer(4) }, () => 2);
  return { id: randomUUID(), messageId: randomUUID(), versionId, content, completionIds };
}

/**
 * Everyone votes on three pairs in ten. Honest people see which is better and are wrong once in eight; the inverter and
 * the banned one say the opposite; the twins vote on all pairs and throw one coin for both.
 */
function votesOn(comparisonId: string, isLeftA: boolean, rng: Rng) {
  const isABetter = rng.uniform() < SHARE_OF_A;
  const coin = rng.uniform() < 0.5;
  return PEOPLE.filter((userId) => TWINS.includes(userId) || rng.uniform() < 0.3).map((userId) => {
    const isRight = rng.uniform() > 1 / 8;
    const saysTruth = userId === 'inverter' || userId === 'banned' ? !isRight : isRight;
    const picksA = TWINS.includes(userId) ? coin : isABetter === saysTruth;
    const choice = picksA === isLeftA ? ('left' as const) : ('right' as const);
    return { userId, kind: 'comparison' as const, comparisonId, value: { choice } };
  });
}

/** Sixteen comparisons that four raters share: two are always right, one errs once in four, the banned one always. */
export async function writeSharedTasks(db: Database, messageId: string): Promise<Map<string, ('left' | 'right')[]>> {
  const rng = new Rng(2);
  const answers = new Map<string, ('left' | 'right')[]>();
  for (let i = 0; i < 16; i++) {
    const [task] = await db.insert(schema.ratingTask).values({ kind: 'compare', messageId, needed: 4 }).returning();
    const [right, wrong] = rng.uniform() < 0.5 ? (['left', 'right'] as const) : (['right', 'left'] as const);
    const given = { 'honest 0': right, 'honest 1': right, 'honest 2': i % 4 === 0 ? wrong : right, banned: wrong };
    for (const [userId, choice] of Object.entries(given)) answers.set(userId, [...(answers.get(userId) ?? []), choice]);
    await db.insert(schema.ratingAssignment).values(
      Object.entries(given).map(([userId, choice]) => ({
        ...{ taskId: task!.id, userId, lockedUntil: new Date(), finishedAt: new Date() },
        status: 'done' as const,
        value: { kind: 'compare', value: { choice } },
      })),
    );
  }
  return answers;
}
