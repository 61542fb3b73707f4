// Part `sticky`: 10,000 people over ramps and restarts of three replicas, and how soon a skewed division is found.
import { randomUUID } from 'node:crypto';
import { desc, eq, sql } from 'drizzle-orm';
import { AttuneError } from '@/core/errors';
import { Rng } from '@/core/rng';
import { CanarySettings, RAMP, RAMP_PHASES, type RampPhase } from '@/core/rollout/canary';
import { hasSkewedRatio } from '@/core/rollout/review';
import { Sampling } from '@/core/sampling';
import type { Database } from '@/db/client';
import { assignment, audit, canary, conversation, generation, message, user } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { chooseArms } from '@/server/services/generation/answer';
import { createRolloutWorld } from './world';

const USERS = 10_000;
const REPLICAS = 3;
const ALONE = { isComparison: false, isChat: true };
const EVERYBODY = { holdoutShare: 0 };
const AT_ONCE = 8;
const WAIT_MS = 60_000;

export async function measureSticky(): Promise<object> {
  const world = await createRolloutWorld(['v1'], REPLICAS, 200);
  try {
    const { db, admin, webs } = world;
    const ids = Array.from({ length: USERS }, (_, at) => `user-${at}`);
    await db.insert(user).values(ids.map((id) => ({ id, name: id, email: `${id}@example.org` })));
    const settings = CanarySettings.parse({ minutesPerStep: 0, answersPerStep: 1, margin: 0.5 });
    const { id } = await admin.startCanary({ candidateVersionId: 'v1', settings });
    const [own] = await db.select().from(canary).where(eq(canary.id, id));
    const { experimentId } = own!;
    const rng = new Rng(7);
    let moved = 0;
    let [restarts, rounds] = [0, 0];
    let before: Map<string, string> | null = null;
    let former = 0;
    for (const phase of RAMP_PHASES) {
      await untilPhase(db, id, phase);
      // Everybody asks, each from a replica by chance, before and after one of them has been started again.
      for (const isAgain of [false, true]) {
        if (isAgain) {
          await webs.shift()!.close();
          await world.startWeb();
          restarts++;
        }
        const arms = await askAll(webs, ids, rng);
        const buckets = await bucketsOf(db, experimentId);
        for (const one of ids) {
          const isCrossed = buckets.get(one)! < RAMP[phase] && buckets.get(one)! >= former;
          const was = before?.get(one);
          if (was !== undefined && arms.get(one) !== was && !isCrossed) moved++;
          if ((arms.get(one) === 'v1') !== buckets.get(one)! < RAMP[phase]) moved++;
        }
        before = arms;
        former = RAMP[phase];
        rounds++;
      }
      await answerOnce(db, experimentId, ids[0]!);
    }
    const raises = await db.select().from(audit).where(eq(audit.action, 'canary.raise')).orderBy(desc(audit.id));
    const actsTwice = raises.length - new Set(raises.map(({ detail }) => JSON.stringify(detail.to))).size;
    return { sticky: { users: USERS, replicas: REPLICAS, restarts, rounds, moved, actsTwice, ...findSkew() } };
  } finally {
    await world.close();
  }
}

async function askAll(webs: readonly WebProcess[], ids: readonly string[], rng: Rng): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  const queue = [...ids];
  const ask = async () => {
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      const userId = one;
      const { db } = webs[rng.integer(webs.length)]!.product;
      const [arm] = await db.transaction((tx) => chooseArms(tx, userId, ALONE, EVERYBODY, Math.random));
      versions.set(userId, arm!.versionId);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return versions;
}

async function bucketsOf(db: Database, experimentId: string): Promise<Map<string, number>> {
  const rows = await db.select().from(assignment).where(eq(assignment.experimentId, experimentId));
  return new Map(rows.map(({ userId, bucket }) => [userId, bucket]));
}

/** One finished answer of the candidate, after which the step may end. */
async function answerOnce(db: Database, experimentId: string, userId: string): Promise<void> {
  const [chat] = await db.insert(conversation).values({ userId, title: 'Q', allowTraining: false }).returning();
  const messageId = randomUUID();
  await db.insert(message).values({ id: messageId, conversationId: chat!.id, role: 'assistant', content: 'Yes.' });
  await db.insert(generation).values({
    ...{ messageId, conversationId: chat!.id, userId, experimentId, arm: 'candidate', versionId: 'v1', status: 'done' },
    ...{ sampling: Sampling.parse({ seed: 1 }), seed: 1, promptIds: [1], firstTokenMs: 10, finishedAt: sql`now()` },
  });
}

async function untilPhase(db: Database, id: string, phase: RampPhase): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; ; ) {
    const [row] = await db.select().from(canary).where(eq(canary.id, id));
    if (row!.phase === phase) return;
    if (Date.now() > deadline)
      throw new AttuneError('UNAVAILABLE', `The canary stays at ${row!.phase}: ${JSON.stringify(row!.verdict)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const SIMULATIONS = 1000;
const MOST_PEOPLE = 200_000;
const SHARE = 0.5;
/** Two points less than half. */
const SKEWED = 0.48;
const LOOK_EVERY = 20;

/** People until a division of 48 to 52 is found, and how often halves are taken for skewed, looked at all the time. */
function findSkew() {
  const found = Array.from({ length: 50 }, (_, at) => peopleUntilSkew(new Rng(at + 1), SKEWED, MOST_PEOPLE)).sort(
    (a, b) => (a ?? MOST_PEOPLE) - (b ?? MOST_PEOPLE),
  );
  const alarms = Array.from({ length: SIMULATIONS }, (_, at) => peopleUntilSkew(new Rng(at + 1), SHARE, 20_000));
  return {
    skewFoundAfter: { median: found[25]!, slowest: found.at(-1)!, missed: found.filter((one) => one === null).length },
    falseSkews: { simulations: SIMULATIONS, alarms: alarms.filter((one) => one !== null).length },
  };
}

function peopleUntilSkew(rng: Rng, truth: number, most: number): number | null {
  let candidate = 0;
  for (let people = 1; people <= most; people++) {
    if (rng.uniform() < truth) candidate++;
    if (people % LOOK_EVERY > 0) continue;
    if (hasSkewedRatio([{ share: SHARE, champion: people - candidate, candidate }])) return people;
  }
  return null;
}
