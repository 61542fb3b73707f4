// The figures of an experiment's arms, kept up to date change by change, are those that counting everything anew gives.
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { ARM_GUARDS } from '@/core/rollout/review';
import { Sampling } from '@/core/sampling';
import type { Sample } from '@/core/statistics/confidence-sequence';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import * as schema from '@/db/schema';
import type { Arm } from '@/server/rollout/assign';
import { countChanges, readArms } from '@/server/rollout/figures';
import { countChoices, countThumbs } from '@/server/rollout/metrics';
import { moveHistory } from '@/server/services/account/guest';
import { createTestDatabase, type TestDatabase } from './database';

let database: TestDatabase;
let db: Database;
let experiments: string[];
const rng = new Rng(11);

beforeAll(async () => {
  database = await createTestDatabase();
  db = getDatabase(database.url);
  const facts = { baseId: 'tiny', baseSha256: '0', status: 'accepted' as const };
  await db.insert(schema.version).values(['base', 'v1'].map((id) => ({ id, ...facts })));
  const versions = { championVersionId: 'base', candidateVersionId: 'v1', share: 0.5 };
  const rows = await db
    .insert(schema.experiment)
    .values([
      { name: 'a', salt: 'a', status: 'stopped', ...versions },
      { name: 'b', salt: 'b', ...versions },
    ])
    .returning();
  experiments = rows.map(({ id }) => id);
});
afterAll(async () => {
  if (!database) return;
  await closeDatabase(database.url);
  await database.drop();
});

const pick = <T>(all: readonly T[]): T | undefined => all[rng.integer(all.length)];
const idsOf = async (table: typeof schema.generation | typeof schema.comparison | typeof schema.user) =>
  (await db.select({ id: table.id }).from(table).orderBy(table.id)).map(({ id }) => id);

async function addPerson(): Promise<string> {
  const id = `person-${randomUUID()}`;
  await db.insert(schema.user).values({ id, name: id, email: `${id}@example.org` });
  return id;
}

async function answer(status: 'running' | 'done' | 'failed' = 'running'): Promise<string> {
  const userId = pick(await idsOf(schema.user))!;
  const [conversation] = await db
    .insert(schema.conversation)
    .values({ userId, title: 'Q', allowTraining: true })
    .returning();
  return answerIn(conversation!, pick(experiments)!, pick(['champion', 'candidate'] as const)!, status);
}

async function answerIn(
  { id: conversationId, userId }: { id: string; userId: string },
  experimentId: string,
  arm: Arm,
  status: 'running' | 'done' | 'failed' | 'stopped',
  replacesId: string | null = null,
): Promise<string> {
  const [written] = await db
    .insert(schema.message)
    .values({ conversationId, role: 'assistant', content: 'Yes.', replacesId })
    .returning();
  const [row] = await db
    .insert(schema.generation)
    .values({
      ...{ messageId: written!.id, conversationId, userId, experimentId, arm, status },
      ...{ versionId: arm === 'candidate' ? 'v1' : 'base', sampling: Sampling.parse({ seed: 1 }), seed: 1 },
      ...{ promptIds: [1], firstTokenMs: status === 'failed' ? null : 50 + 400 * rng.uniform() },
    })
    .returning();
  return row!.id;
}

const generationOf = async (id: string) =>
  (await db.select().from(schema.generation).where(eq(schema.generation.id, id)))[0]!;

async function thumb(userId: string, generationId: string): Promise<void> {
  const value = { up: rng.uniform() < 0.6, reasons: [] };
  await db
    .insert(schema.feedback)
    .values({ userId, kind: 'thumb', generationId, value })
    .onConflictDoUpdate({
      target: [schema.feedback.userId, schema.feedback.generationId, schema.feedback.kind],
      set: { value },
    });
}

/** Another answer beside one that there is, in the other arm or in the same, and a choice unless it is left open. */
async function compare(generationId: string): Promise<void> {
  const own = await generationOf(generationId);
  const arm = pick(['champion', 'candidate'] as const)!;
  const other = await answerIn({ id: own.conversationId, userId: own.userId }, own.experimentId!, arm, 'done');
  const [left, right] = rng.uniform() < 0.5 ? [generationId, other] : [other, generationId];
  const source = pick(['side_by_side', 'regenerate'] as const)!;
  const [pair] = await db
    .insert(schema.comparison)
    .values({
      ...{ conversationId: own.conversationId, userId: own.userId, source },
      ...{ leftGenerationId: left!, rightGenerationId: right! },
    })
    .returning();
  await choose(rng.uniform() < 0.8 ? own.userId : pick(await idsOf(schema.user))!, pair!.id);
}

async function choose(userId: string, comparisonId: string): Promise<void> {
  const value = { choice: pick(['left', 'right', 'tie', 'both_bad'] as const)! };
  await db
    .insert(schema.feedback)
    .values({ userId, kind: 'comparison', comparisonId, value })
    .onConflictDoUpdate({
      target: [schema.feedback.userId, schema.feedback.comparisonId, schema.feedback.kind],
      set: { value },
    });
}

async function onVote(change: (id: string) => Promise<unknown>): Promise<void> {
  const votes = await db.select({ id: schema.feedback.id }).from(schema.feedback).orderBy(schema.feedback.id);
  const vote = pick(votes);
  if (vote) await change(vote.id);
}

/** Each with how often it is done, against the others. */
const CHANGES: Record<string, [often: number, change: (generationId: string) => Promise<unknown>]> = {
  person: [2, addPerson],
  answer: [8, () => answer('done')],
  failure: [2, () => answer('failed')],
  begun: [2, () => answer()],
  finished: [
    3,
    (id) => db.update(schema.generation).set({ status: 'done' }).where(sql`id = ${id} and status = 'running'`),
  ],
  hit: [
    3,
    (generationId) => db.insert(schema.constraintHit).values({ generationId, ruleId: 'phone', start: 0, end: 1 }),
  ],
  'hit marked false': [
    2,
    (id) =>
      db.update(schema.constraintHit).set({ falseAt: new Date() }).where(eq(schema.constraintHit.generationId, id)),
  ],
  'hit restored': [
    1,
    (id) => db.update(schema.constraintHit).set({ falseAt: null }).where(eq(schema.constraintHit.generationId, id)),
  ],
  'hit removed': [1, (id) => db.delete(schema.constraintHit).where(eq(schema.constraintHit.generationId, id))],
  'written again': [
    3,
    async (id) => {
      const own = await generationOf(id);
      await answerIn({ id: own.conversationId, userId: own.userId }, own.experimentId!, own.arm, 'done', own.messageId);
    },
  ],
  thumb: [6, async (id) => thumb((await generationOf(id)).userId, id)],
  'thumb of another': [2, async (id) => thumb(pick(await idsOf(schema.user))!, id)],
  comparison: [5, compare],
  'choice of another': [
    2,
    async () => {
      const pair = pick(await idsOf(schema.comparison));
      if (pair) await choose(pick(await idsOf(schema.user))!, pair);
    },
  ],
  'vote excluded': [
    2,
    () => onVote((id) => db.update(schema.feedback).set({ excludedAt: new Date() }).where(eq(schema.feedback.id, id))),
  ],
  'vote counted again': [
    1,
    () => onVote((id) => db.update(schema.feedback).set({ excludedAt: null }).where(eq(schema.feedback.id, id))),
  ],
  'vote withdrawn': [2, () => onVote((id) => db.delete(schema.feedback).where(eq(schema.feedback.id, id)))],
  trust: [
    3,
    async (id) => {
      const { userId } = await generationOf(id);
      const own = { thumb: String(pick([-0.8, 0, 0.4, 1])), comparison: String(pick([-0.5, 0, 0.7, 1])) };
      await db
        .insert(schema.voterTrust)
        .values({ userId, ...own })
        .onConflictDoUpdate({ target: schema.voterTrust.userId, set: own });
    },
  ],
  'answer removed': [
    1,
    async (id) => db.delete(schema.message).where(eq(schema.message.id, (await generationOf(id)).messageId)),
  ],
  'comparison removed': [
    1,
    async () => {
      const pair = pick(await idsOf(schema.comparison));
      if (pair) await db.delete(schema.comparison).where(eq(schema.comparison.id, pair));
    },
  ],
  'conversation removed': [
    1,
    async (id) =>
      db.delete(schema.conversation).where(eq(schema.conversation.id, (await generationOf(id)).conversationId)),
  ],
  'person erased': [
    1,
    async (id) => {
      await addPerson();
      await db.delete(schema.user).where(eq(schema.user.id, (await generationOf(id)).userId));
    },
  ],
  'guest signs in': [
    1,
    async (id) => moveHistory(db, (await generationOf(id)).userId, pick(await idsOf(schema.user))!),
  ],
};
const BAG = Object.values(CHANGES).flatMap(([often, change]) => Array.from({ length: often }, () => change));

it('the sums equal those of everything counted anew, after changes of every kind in random order', async () => {
  for (let at = 0; at < 4; at++) await addPerson();
  await answer('done');
  // One after the other at first, and then many between two counts.
  for (let at = 0, next = 1; at < 600; at++) {
    const generations = await idsOf(schema.generation);
    if (generations.length === 0) await answer('done');
    else await pick(BAG)!(pick(generations)!);
    if (at < next) continue;
    next = at < 100 ? at + 1 : at + 40;
    expect(await countChanges(db)).toBe('all');
    for (const id of experiments) await expectCounted(id);
  }
  const kept = await db.select().from(schema.personFigure);
  expect(kept.length).toBeGreaterThan(50);
});

async function expectCounted(experimentId: string): Promise<void> {
  const sampleOf = await readArms(db, experimentId);
  const anew = await countAnew(experimentId);
  for (const arm of ['champion', 'candidate'] as const) {
    for (const guard of [...ARM_GUARDS, 'sideBySide'] as const) {
      const [kept, counted] = [sampleOf(arm, guard), anew(arm, guard)];
      for (const name of ['n', 'mean', 'variance'] as const)
        expect(kept[name], `${name} of ${guard} in ${arm}`).toBeCloseTo(counted[name], 5);
    }
  }
}

/** By the definition: each person's mean, and over people the mean by trust with Kish's number. */
async function countAnew(experimentId: string): Promise<(arm: Arm, guard: string) => Sample> {
  const inExperiment = sql`experiment_id = ${experimentId}`;
  const [thumbs, choices] = [
    await countThumbs(db, sql`arm`, inExperiment),
    await countChoices(db, sql`arm`, inExperiment),
  ];
  const trust = new Map((await db.select().from(schema.voterTrust)).map((row) => [row.userId, row]));
  const { rows } = await db.execute<Record<string, number | string | null> & { arm: Arm }>(sql`
    select g.arm, g.user_id, avg((g.status = 'failed')::int)::float8 as failed, avg(g.first_token_ms)::float8 as "firstTokenMs",
      avg((g.id in (select generation_id from constraint_hit where false_at is null and not is_unjudged))::int)::float8 as broken,
      avg((g.message_id in (select replaces_id from message where replaces_id is not null))::int)::float8 as regenerated
    from generation g where g.experiment_id = ${experimentId} and g.status <> 'running' group by g.arm, g.user_id`);
  return (arm, guard) => {
    if (guard === 'thumbs')
      return weighted(
        thumbs
          .filter(({ key }) => key === arm)
          .map(({ person, up, n }) => ({ value: up / n, trust: Number(trust.get(person)?.thumb ?? 1) })),
      );
    if (guard === 'sideBySide')
      return weighted(
        choices
          .filter(({ key, wins, losses }) => key === arm && wins + losses > 0)
          .map(({ person, wins, losses }) => ({
            value: wins / (wins + losses),
            trust: Number(trust.get(person)?.comparison ?? 1),
          })),
      );
    const own = rows.filter((row) => row.arm === arm && row[guard] !== null);
    return weighted(own.map((row) => ({ value: Number(row[guard]), trust: 1 })));
  };
}

function weighted(people: readonly { value: number; trust: number }[]): Sample {
  const all = people
    .filter(({ trust }) => trust !== 0)
    .map(({ value, trust }) => ({ value: trust > 0 ? value : 1 - value, weight: Math.abs(trust) }));
  const sum = (of: (one: { value: number; weight: number }) => number) =>
    all.reduce((total, one) => total + of(one), 0);
  const total = sum(({ weight }) => weight);
  if (total === 0) return { mean: 0, variance: 0, n: 0 };
  const mean = sum(({ value, weight }) => weight * value) / total;
  const n = total ** 2 / sum(({ weight }) => weight ** 2);
  const spread = sum(({ value, weight }) => weight * (value - mean) ** 2) / total;
  return { mean, variance: n > 1 ? (spread * n) / (n - 1) : 0, n };
}
