// A run puts open rating tasks in the order of what an answer would teach: states of the base, real rows.
import { desc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RewardModelConfig } from '@/core/config/reward';
import { Rng } from '@/core/rng';
import { dot } from '@/core/tasks/posterior';
import * as schema from '@/db/schema';
import { startBackend, tf } from '@/trainer/backend';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { loadBackbone } from '@/trainer/model/backbone';
import { judgementsOf } from '@/trainer/reward/tasks/features';
import { leadingDirections } from '@/trainer/reward/tasks/leading-directions';
import { rankTasks } from '@/trainer/reward/tasks/ranking';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import type { OpenTask } from '@/trainer/runs/store';
import { orderTasks, readOpenTasks } from '@/trainer/runs/tasks';
import { TINY, tinyWeights } from './algorithms-support';
import { addRun, addTurn, addUser, createWorld, type World } from './process-support';

const ids = (...values: number[]) => Int32Array.from(values);

describe('the ranking', () => {
  beforeAll(() => startBackend());

  test('keeps the rows’ inner products in as many directions as the rows span, and no more', () => {
    const rng = new Rng(2);
    const [a, b] = [0, 1].map(() => Array.from({ length: 12 }, () => rng.normal())) as [number[], number[]];
    const mixed = a.map((value, i) => value - 3 * b[i]!);
    const rows = tf.tensor2d([a, b, mixed]);
    const directions = leadingDirections(rows, 2);
    const kept = (tf.matMul(rows, directions) as typeof rows).arraySync();
    for (const [i, row] of [a, b, mixed].entries())
      for (const [j, other] of [a, b, mixed].entries()) {
        const whole = row.reduce((sum, value, at) => sum + value * other[at]!, 0);
        expect(dot(Float64Array.from(kept[i]!), Float64Array.from(kept[j]!))).toBeCloseTo(whole, 3);
      }
    tf.dispose([rows, directions]);
  });

  test('reads every kind as votes: a tie is half a vote each way, a rating of 10 a whole one up', () => {
    const judged = { promptIds: ids(3), weight: 0.5 };
    const pair = { ...judged, kind: 'comparison', chosenIds: ids(4), rejectedIds: ids(5), margin: 0 } as const;
    expect(judgementsOf({ ...pair, outcome: 'chosen' }, 7)).toEqual([{ plus: 7, minus: 8, weight: 0.5 }]);
    expect(judgementsOf({ ...pair, outcome: 'tie' }, 7).map(({ weight }) => weight)).toEqual([0.25, 0.25]);
    const rating: RewardExample = { ...judged, kind: 'rating', completionIds: ids(4), value: 10, rater: 'a' };
    expect(judgementsOf(rating, 2)[0]).toEqual({ plus: 2, minus: null, weight: 0.5 });
    const best: RewardExample = { ...judged, kind: 'best_of', completions: [ids(4), ids(5), ids(6)], best: 1 };
    expect(judgementsOf(best, 0)).toEqual([
      { plus: 1, minus: 0, weight: 0.25 },
      { plus: 1, minus: 2, weight: 0.25 },
    ]);
    const ranking: RewardExample = { ...judged, kind: 'ranking', completions: best.completions, ranks: [1, 0, 1] };
    expect(judgementsOf(ranking, 0).map(({ plus, minus }) => [plus, minus])).toEqual([
      [1, 0],
      [1, 2],
    ]);
  });

  test('asks first about a pair that differs, not about one of equals or one that was judged often', async () => {
    const backbone = loadBackbone({ weights: tinyWeights(7, { ...TINY, layers: 4 }) });
    const before = tf.memory().numTensors;
    const [low, high, other] = [ids(2, 3, 4, 2), ids(14, 15, 16, 14), ids(20, 21, 22, 20)];
    const examples = Array.from({ length: 40 }, (): RewardExample => {
      const sides = { promptIds: ids(9), chosenIds: low, rejectedIds: high };
      return { kind: 'comparison', ...sides, outcome: 'chosen', margin: 0, weight: 1 };
    });
    const task = (id: string, ...completions: Int32Array[]): OpenTask => ({
      id,
      promptIds: ids(9),
      completions,
      groups: ['served'],
      answers: 0,
    });
    const tasks = [task('equal', low, low), task('judged', high, low), task('new', low, other)];
    const config = RewardModelConfig.parse({ probe: { depths: [0.25, 0.75], precisions: [1, 10] } });
    const { signal } = new AbortController();
    expect(await rankTasks({ backbone, config, signal, examples, tasks })).toEqual(['new', 'judged', 'equal']);
    expect(tf.memory().numTensors).toBe(before);
    backbone.dispose();
  });
});

describe('the database', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world?.close());

  test('gives the open tasks that people judge, and takes their order under the lease', async () => {
    const { db } = world;
    const userId = await addUser(db, 'asker');
    const addTask = async (
      text: string,
      task: Partial<typeof schema.ratingTask.$inferInsert>,
      allowTraining = true,
    ) => {
      const turn = await addTurn(world, { userId, text, completions: [[3, 4], [5]], allowTraining });
      const { generationIds, conversationId } = turn;
      const [asked] = await db.select().from(schema.message).where(eq(schema.message.conversationId, conversationId));
      const row = { kind: 'compare', messageId: asked!.id, generationIds, ...task } as const;
      return (await db.insert(schema.ratingTask).values(row).returning())[0]!.id;
    };
    const first = await addTask('first', {});
    const second = await addTask('second', { kind: 'rank' });
    await addTask('private', {}, false);
    await addTask('closed', { closedAt: new Date() });
    await addTask('gold', { truth: { choice: 'left' } });
    await addTask('written', { kind: 'write' });
    await db
      .insert(schema.ratingAssignment)
      .values({ taskId: first, userId, lockedUntil: new Date(), status: 'done', value: { choice: 'left' } });

    const open = await readOpenTasks(db);
    expect(open.map(({ id, answers }) => [id, answers])).toEqual([
      [first, 1],
      [second, 0],
    ]);
    expect(open[0]).toMatchObject({ completions: [ids(3, 4), ids(5)], groups: ['served'] });

    await addRun(world);
    const lease = new RunLease(db, (await claimRun(db, 'trainer'))!, 'trainer');
    await orderTasks(lease, [second, first]);
    const ordered = await db.select().from(schema.ratingTask).orderBy(desc(schema.ratingTask.priority)).limit(2);
    expect(ordered.map(({ id, priority }) => [id, priority])).toEqual([
      [second, 1],
      [first, 0.5],
    ]);
    lease.close();
  });
});
