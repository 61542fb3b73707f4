// Part `rollback`: from the votes that are a breach until every replica answers everybody with the champion again.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { CanarySettings } from '@/core/rollout/canary';
import { Sampling } from '@/core/sampling';
import { bucketOf } from '@/core/statistics/bucket';
import { canary, comparison, conversation, experiment, feedback, generation, message, user } from '@/db/schema';
import { chooseArms } from '@/server/services/generation/answer';
import { createRolloutWorld, type RolloutWorld } from './world';

const TIMES = 20;
const REPLICAS = 3;
const ALONE = { isComparison: false, isChat: true };
const EVERYBODY = { holdoutShare: 0 };
const VOTERS = 100;
const WAIT_MS = 60_000;

export async function measureRollback(): Promise<object> {
  const world = await createRolloutWorld(['v1'], REPLICAS);
  try {
    const people = Array.from({ length: VOTERS }, (_, at) => `voter-${at}`);
    await world.db.insert(user).values(people.map((id) => ({ id, name: id, email: `${id}@example.org` })));
    const seconds: number[] = [];
    for (let at = 0; at < TIMES; at++) seconds.push(await rollBackOnce(world, people));
    seconds.sort((a, b) => a - b);
    const rounded = (value: number) => Math.round(value * 100) / 100;
    return {
      rollback: {
        ...{ n: TIMES, replicas: REPLICAS },
        medianSeconds: rounded(seconds[TIMES / 2]!),
        slowestSeconds: rounded(seconds.at(-1)!),
      },
    };
  } finally {
    await world.close();
  }
}

async function rollBackOnce({ db, admin, webs, apiOf }: RolloutWorld, people: readonly string[]): Promise<number> {
  const settings = CanarySettings.parse({ minutesPerStep: 10_000 });
  const { id } = await admin.startCanary({ candidateVersionId: 'v1', settings });
  for (let step = 0; step < 4; step++) await admin.steerCanary({ id, act: 'raise', reason: 'The bench asks for it' });
  const [own] = await db.select().from(canary).where(eq(canary.id, id));
  const [running] = await db.select().from(experiment).where(eq(experiment.id, own!.experimentId));
  const asker = people.find((person) => bucketOf(running!.salt, person) < 0.5)!;
  const choose = async (web: (typeof webs)[number]) =>
    (await web.product.db.transaction((tx) => chooseArms(tx, asker, ALONE, EVERYBODY, Math.random)))[0]!.versionId;
  if ((await choose(webs[0]!)) !== 'v1') throw new AttuneError('INTERNAL', 'The candidate serves nobody.');
  // At any moment between two reviews.
  await new Promise((resolve) => setTimeout(resolve, 4000 * Math.random()));
  await loseComparisons(db, own!.experimentId, people);
  const breached = performance.now();
  for (const deadline = breached + WAIT_MS; ; ) {
    const serving = await Promise.all(webs.map(choose));
    if (serving.every((version) => version === 'base')) break;
    if (performance.now() > deadline) throw new AttuneError('UNAVAILABLE', 'The candidate was not taken back.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const took = (performance.now() - breached) / 1000;
  // A message in each replica is answered by the champion.
  for (const web of webs) {
    const sent = await apiOf(web, asker).chat.send({
      ...{ conversationId: randomUUID(), parentId: null, clientMessageId: randomUUID(), text: 'Hello' },
      ...{ allowTraining: false, sampling: { maxTokens: 4 } },
    });
    const [row] = await db.select().from(generation).where(eq(generation.id, sent.answers[0]!.generationId));
    if (row!.versionId !== 'base') throw new AttuneError('INTERNAL', `${row!.versionId} answered after the rollback.`);
  }
  return took;
}

/** Everybody compares the two, and prefers the champion. */
async function loseComparisons(db: RolloutWorld['db'], experimentId: string, people: readonly string[]): Promise<void> {
  await db.transaction(async (tx) => {
    for (const userId of people) {
      const [chat] = await tx.insert(conversation).values({ userId, title: 'Q', allowTraining: false }).returning();
      const [left, right] = [randomUUID(), randomUUID()];
      for (const [generationId, arm] of [
        [left, 'champion'],
        [right, 'candidate'],
      ] as const) {
        const messageId = randomUUID();
        await tx
          .insert(message)
          .values({ id: messageId, conversationId: chat!.id, role: 'assistant', content: 'Yes.' });
        await tx.insert(generation).values({
          ...{ id: generationId, messageId, conversationId: chat!.id, userId, experimentId, arm, status: 'done' },
          ...{ versionId: arm === 'candidate' ? 'v1' : 'base', sampling: Sampling.parse({ seed: 1 }), seed: 1 },
          ...{ promptIds: [1], firstTokenMs: 10, finishedAt: new Date() },
        });
      }
      const [pair] = await tx
        .insert(comparison)
        .values({
          ...{ conversationId: chat!.id, userId, source: 'side_by_side' },
          ...{ leftGenerationId: left, rightGenerationId: right },
        })
        .returning();
      await tx
        .insert(feedback)
        .values({ userId, kind: 'comparison', comparisonId: pair!.id, value: { choice: 'left' } });
    }
  });
}
