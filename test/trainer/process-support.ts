// Sets up what the trainer process works on: a database, a data folder, the tiny Llama, and people who chat and vote.

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { loadBase } from '@/core/base/load-base';
import type { Choice, FeedbackKind, FeedbackValue } from '@/core/feedback/kinds';
import { sha256 } from '@/core/hash';
import { Rng } from '@/core/rng';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import * as schema from '@/db/schema';
import { TINY_END_OF_TURN, type TinyLlamaOptions, writeTinyLlama } from '@/test/tiny-llama';
import { nativeBackendProblem } from '@/trainer/backend';
import type { TrainerSettings } from '@/trainer/env';
import { startPrivateEngine } from '@/trainer/sampling/private-engine';
import { createTestDatabase } from '../db/database';

/** A lease that runs out while a test waits. */
export const FAST = { leaseSeconds: 1, beatMs: 100 };

export const problem = nativeBackendProblem();
if (problem) console.warn(`Skipped: ${problem}`);

export const silent = pino({ level: 'silent' });

/** Settings with which a run on the tiny model takes seconds. */
export const QUICK = {
  preset: 'tiny',
  rewardModel: { checkpointEverySteps: 1 },
  ppo: { iterations: 3, checkpointEverySteps: 1, klBudget: 20 },
} as const;

export interface World {
  db: Database;
  settings: TrainerSettings;
  base: Awaited<ReturnType<typeof loadBase>>;
  close(): Promise<void>;
}

export async function createWorld(model: TinyLlamaOptions = { seed: 7 }): Promise<World> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'attune-trainer-'));
  const modelPath = path.join(folder, 'models', 'tiny-llama');
  await writeTinyLlama(modelPath, model);
  const base = await loadBase(modelPath);
  const db = getDatabase(database.url);
  await db
    .insert(schema.version)
    .values({ id: BASE_VERSION_ID, baseId: base.id, baseSha256: base.sha256, status: 'accepted' });
  await db.insert(schema.release).values({ versionId: BASE_VERSION_ID, action: 'initial' });
  return {
    db,
    base,
    settings: {
      databaseUrl: database.url,
      modelPath,
      dataFolder: folder,
      artifacts: path.join(folder, 'artifacts'),
      cache: path.join(folder, 'cache'),
      classifiers: path.join(folder, 'classifiers'),
      engineThreads: 1,
    },
    async close() {
      await closeDatabase(database.url);
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function addUser(db: Database, id: string): Promise<string> {
  await db.insert(schema.user).values({ id, name: id, email: `${id}@example.test` });
  return id;
}

export interface Turn {
  userId: string;
  text: string;
  /** The token ids of one answer, or of two to compare. */
  completions: number[][];
  allowTraining?: boolean;
  sampling?: Partial<typeof schema.generation.$inferInsert.sampling>;
}

/** Adds a conversation of one turn; returns the ids of its generations and, for two answers, of the comparison. */
let turns = 0;

/**
 * The same from run to run: a snapshot's split follows from it, and with it what a training run learns. By chance alone
 * the gain of the pipeline's test varied from 0.3 to 1.2 (LOG.md).
 */
function nextId(): string {
  const hash = sha256(`chat ${++turns}`);
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

export async function addTurn({ db, base }: World, turn: Turn) {
  const { userId, text, allowTraining = true } = turn;
  const conversationId = nextId();
  await db.insert(schema.conversation).values({ id: conversationId, userId, title: text, allowTraining });
  const [asked] = await db.insert(schema.message).values({ conversationId, role: 'user', content: text }).returning();
  const messageId = asked!.id;
  const generationIds: string[] = [];
  for (const completionIds of turn.completions) {
    const [completion] = await db
      .insert(schema.message)
      .values({
        conversationId,
        parentId: asked!.id,
        role: 'assistant',
        content: base.tokenizer.decode(completionIds).replaceAll('\0', ''),
      })
      .returning();
    const [row] = await db
      .insert(schema.generation)
      .values({
        messageId: completion!.id,
        conversationId,
        userId,
        status: 'done',
        versionId: BASE_VERSION_ID,
        sampling: {
          temperature: 1,
          topK: 0,
          topP: 1,
          repetitionPenalty: 1,
          seed: 1,
          maxTokens: 12,
          stop: [],
          ...turn.sampling,
        },
        seed: 1,
        promptIds: base.renderPrompt([{ role: 'user', content: text }]),
        completionIds,
        logprobs: completionIds.map(() => -5),
        finishReason: 'length',
      } as typeof schema.generation.$inferInsert)
      .returning();
    generationIds.push(row!.id);
  }
  const [left, right] = generationIds;
  if (!right) return { conversationId, messageId, generationIds, comparisonId: null };
  const [pair] = await db
    .insert(schema.comparison)
    .values({ conversationId, userId, leftGenerationId: left!, rightGenerationId: right, source: 'side_by_side' })
    .returning();
  return { conversationId, messageId, generationIds, comparisonId: pair!.id };
}

/** Feedback of any kind; the subject is a generation, a comparison, or the message that was answered. */
export async function give<Kind extends FeedbackKind>(
  db: Database,
  userId: string,
  kind: Kind,
  subject: { generationId: string } | { comparisonId: string } | { messageId: string },
  value: FeedbackValue<Kind>,
): Promise<string> {
  const [row] = await db
    .insert(schema.feedback)
    .values({ userId, kind, ...subject, value })
    .returning();
  return row!.id;
}

export async function vote(
  db: Database,
  userId: string,
  on: { comparisonId: string; choice: Choice } | { generationId: string; thumb: 1 | -1 },
): Promise<void> {
  await db
    .insert(schema.feedback)
    .values(
      'thumb' in on
        ? { userId, kind: 'thumb', generationId: on.generationId, value: { up: on.thumb === 1, reasons: [] } }
        : { userId, kind: 'comparison', comparisonId: on.comparisonId, value: { choice: on.choice } },
    );
}

/** The voters like lower ids and answers that end: a taste that a reward model can learn and a policy can meet. */
const likes = (ids: readonly number[]) =>
  ids.filter((id) => id < 144 || id === TINY_END_OF_TURN).length / Math.max(1, ids.length);

/** Adds `pairs` comparisons between two real samples of the base, with votes by that taste. */
export async function addVotes(world: World, pairs: number): Promise<void> {
  const { db, base, settings } = world;
  const userId = await addUser(db, 'crowd');
  const engine = await startPrivateEngine({
    modelPath: settings.modelPath,
    base,
    folder: settings.artifacts,
    cache: settings.cache,
    threads: 1,
    precision: 'fp32',
  });
  try {
    const texts = Array.from({ length: pairs }, (_, i) => `q${i}`);
    const prompts = texts.map((content) => Int32Array.from(base.renderPrompt([{ role: 'user', content }])));
    const rng = new Rng(5);
    const sample = () =>
      engine.sample(
        prompts,
        BASE_VERSION_ID,
        { temperature: 1, topK: 0, topP: 1, maxTokens: 12 },
        prompts.map(() => rng.integer(2 ** 31)),
        new AbortController().signal,
      );
    const [lefts, rights] = [await sample(), await sample()];
    for (const [i, text] of texts.entries()) {
      const completions = [[...lefts[i]!.ids], [...rights[i]!.ids]];
      const { comparisonId } = await addTurn(world, { userId, text, completions });
      const [left, right] = completions.map(likes) as [number, number];
      const choice = left > right ? 'left' : right > left ? 'right' : 'tie';
      await vote(db, userId, { comparisonId: comparisonId!, choice });
    }
  } finally {
    await engine.close();
  }
}

export async function addRun({ db }: World, config: Record<string, unknown> = QUICK) {
  const run = { trigger: 'button' as const, config, parentVersionId: BASE_VERSION_ID };
  const [row] = await db.insert(schema.trainingRun).values(run).returning();
  return row!.id;
}

export async function readRun({ db }: World, id: string) {
  const [run] = await db.select().from(schema.trainingRun).where(eq(schema.trainingRun.id, id));
  return run!;
}

/** Checks every 50 ms; at the deadline it throws an error that names what it waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | null | undefined>,
  ms = 90_000,
): Promise<T> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited ${ms / 1000} s for ${what}.`);
}

/** Resolves with the run once it has ended, in any way. */
export const untilEnd = (world: World, id: string, ms?: number) =>
  until(
    `the end of run ${id}`,
    async () => {
      const run = await readRun(world, id);
      return run.finishedAt && run;
    },
    ms,
  );
