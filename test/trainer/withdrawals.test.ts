// What people withdraw is removed from every place that it was copied to: data sets on disk, and runs in progress.
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '@/core/hash';
import { dataPaths } from '@/core/paths';
import { ROW_KINDS } from '@/core/snapshot/snapshot';
import * as schema from '@/db/schema';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import { runTrainer } from '@/trainer/main';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { readSnapshot } from '@/trainer/runs/snapshots/read';
import { honourWithdrawals } from '@/trainer/runs/snapshots/withdrawals';
import {
  addRun,
  addTurn,
  addUser,
  addVotes,
  createWorld,
  FAST,
  give,
  problem,
  QUICK,
  readRun,
  silent,
  until,
  vote,
  type World,
} from './process-support';

let world: World;
let snapshots: string;
beforeAll(async () => {
  world = await createWorld();
  snapshots = dataPaths(world.settings.dataFolder).snapshots;
});
afterAll(() => world?.close());

const promptOf = (text: string) => world.base.renderPrompt([{ role: 'user', content: text }]);
const honour = () => honourWithdrawals(world.db, world.settings.dataFolder, silent);

describe('a data set that was frozen before', () => {
  let person = 0;
  let userId: string;
  beforeEach(async () => {
    await world.db.delete(schema.conversation);
    await world.db.delete(schema.trainingRun);
    await world.db.delete(schema.withdrawal);
    userId = await addUser(world.db, `person ${person++}`);
  });

  async function freeze() {
    await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'test'))!, 'test');
    try {
      const id = await freezeSnapshot(lease, snapshots, world.base);
      return await readSnapshot(world.db, snapshots, id);
    } finally {
      await lease.finish('done', 'test');
      lease.close();
    }
  }

  /** Adds a turn about `text` that is compared and rated. */
  async function talk(text: string) {
    const pair = await addTurn(world, { userId, text, completions: [[65], [66]] });
    await vote(world.db, userId, { comparisonId: pair.comparisonId!, choice: 'left' });
    await vote(world.db, userId, { generationId: pair.generationIds[0]!, thumb: 1 });
    return pair;
  }

  const textOf = (id: string) => readFile(path.join(snapshots, `${id}.jsonl`), 'utf8');
  const rowOf = async (id: string) =>
    (await world.db.select().from(schema.snapshot).where(eq(schema.snapshot.id, id)))[0]!;

  it.each([
    [
      'a deleted conversation',
      (id: string) => world.db.delete(schema.conversation).where(eq(schema.conversation.id, id)),
    ],
    [
      'a conversation whose consent was withdrawn',
      (id: string) =>
        world.db.update(schema.conversation).set({ allowTraining: false }).where(eq(schema.conversation.id, id)),
    ],
    ['an erased account', () => world.db.delete(schema.user).where(eq(schema.user.id, userId))],
  ])('no longer holds a byte of %s, and lists the removed lines', async (_name, takeBack) => {
    const { conversationId } = await talk('secret');
    const other = await addUser(world.db, `other ${person}`);
    const kept = await addTurn(world, { userId: other, text: 'kept', completions: [[70]] });
    await vote(world.db, other, { generationId: kept.generationIds[0]!, thumb: 1 });
    const frozen = await freeze();
    const whole = await textOf(frozen.id);
    expect(whole).toContain(promptOf('secret').join());
    expect(await honour()).toBe(false);

    await takeBack(conversationId);
    expect(await honour()).toBe(true);
    const text = await textOf(frozen.id);
    expect(text).not.toContain(promptOf('secret').join());
    const left = await readSnapshot(world.db, snapshots, frozen.id);
    expect(left.rows.map(({ kind }) => kind)).toEqual(['thumb', 'prompt']);
    const { sha256: original, tombstones } = await rowOf(frozen.id);
    expect(original).toBe(sha256(whole));
    const lines = whole.split('\n').map((line, i) => (tombstones[0]!.lines.includes(i) ? '' : line));
    expect(lines.join('\n')).toBe(text);
    expect(tombstones).toMatchObject([{ sha256: sha256(text) }]);
    expect(left.contentSha256).toBe(sha256(text));
    expect(await honour()).toBe(false);
  });

  it('loses only the vote when a rating is withdrawn', async () => {
    const { generationIds } = await talk('rated');
    const frozen = await freeze();
    await world.db.delete(schema.feedback).where(eq(schema.feedback.generationId, generationIds[0]!));
    expect(await honour()).toBe(true);
    const { rows } = await readSnapshot(world.db, snapshots, frozen.id);
    expect(rows.map(({ kind }) => kind)).toEqual(['comparison', 'prompt']);
  });

  it.each(['gone', 'excluded', 'without consent'])('loses feedback of every kind that is %s', async (how) => {
    const made = await addTurn(world, { userId, text: 'all', completions: [[65], [66]] });
    const other = await addUser(world.db, `other ${person}`);
    await addTurn(world, { userId: other, text: 'all', completions: [[70]] });
    const { messageId } = made;
    const [generationId, second] = made.generationIds as [string, string];
    await world.db.delete(schema.questionnaire);
    const words = { en: 'Long', ja: '長い' };
    const questions = [{ id: 'long', kind: 'flaw' as const, weight: 0.1, text: words }];
    const asked = { name: 'chat', version: 1, questions, isForChat: true };
    const [stored] = await world.db.insert(schema.questionnaire).values(asked).returning();
    const questionnaireId = stored!.id;
    const [about, answer] = [{ messageId }, { generationId }];
    await give(world.db, userId, 'thumb', answer, { up: false, reasons: ['long'] });
    await give(world.db, userId, 'comparison', { comparisonId: made.comparisonId! }, { choice: 'left' });
    await give(world.db, userId, 'best_of', about, { generationIds: [generationId, second], best: second });
    await give(world.db, userId, 'ranking', about, { order: [[second], [generationId]] });
    await give(world.db, userId, 'rating', answer, { rating: 4 });
    await give(world.db, userId, 'questionnaire', answer, { questionnaireId, answers: { long: true } });
    await give(world.db, userId, 'flaws', { generationId: second }, { flaws: [{ flaw: 'long' }] });
    await give(world.db, userId, 'correction', answer, { text: 'Better.' });
    await give(world.db, userId, 'demonstration', about, { text: 'Best.' });
    await give(world.db, userId, 'implicit', answer, { copied: true });
    const frozen = await freeze();
    expect(frozen.rows).toHaveLength(10 + 1 + 1); // all kinds, the flaw that the thumb names, the prompt
    expect(new Set(frozen.rows.map(({ kind }) => kind))).toEqual(
      new Set(ROW_KINDS.filter((kind) => kind !== 'generation')),
    );
    const { feedback, conversation } = schema;
    if (how === 'gone') await world.db.delete(feedback).where(eq(feedback.userId, userId));
    if (how === 'excluded')
      await world.db.update(feedback).set({ excludedAt: new Date() }).where(eq(feedback.userId, userId));
    if (how === 'without consent')
      await world.db.update(conversation).set({ allowTraining: false }).where(eq(conversation.userId, userId));
    expect(await honour()).toBe(true);
    const left = await readSnapshot(world.db, snapshots, frozen.id);
    // The other person's prompt is the same, and stays.
    expect(left.rows.map(({ kind }) => kind)).toEqual(['prompt']);
    expect((await rowOf(frozen.id)).tombstones[0]!.lines).toHaveLength(11);
  });

  it('keeps a prompt that someone else also asked with consent', async () => {
    const { conversationId } = await talk('hello');
    const other = await addUser(world.db, `other ${person}`);
    await addTurn(world, { userId: other, text: 'hello', completions: [[70]] });
    const frozen = await freeze();
    await world.db.delete(schema.conversation).where(eq(schema.conversation.id, conversationId));
    const { rows } = await readSnapshot(world.db, snapshots, frozen.id);
    expect(rows).toMatchObject([{ kind: 'prompt', promptIds: promptOf('hello') }]);
  });

  it('is blanked again after a restore or an interrupted removal; other changes are refused', async () => {
    const { conversationId } = await talk('secret');
    await talk('kept');
    const frozen = await freeze();
    const whole = await textOf(frozen.id);
    await world.db.delete(schema.conversation).where(eq(schema.conversation.id, conversationId));
    await honour();
    const blanked = await textOf(frozen.id);
    await writeFile(path.join(snapshots, `${frozen.id}.jsonl`), whole);
    expect((await readSnapshot(world.db, snapshots, frozen.id)).rows).toHaveLength(3);
    expect(await textOf(frozen.id)).toBe(blanked);
    await appendFile(path.join(snapshots, `${frozen.id}.jsonl`), '\n');
    await expect(readSnapshot(world.db, snapshots, frozen.id)).rejects.toThrow(/has the sha256/);
  });

  it.each(['before', 'after'])(
    'that is frozen while a chat is deleted is free of it; taken back %s it is stored',
    async (when) => {
      const { conversationId } = await talk('secret');
      await talk('kept');
      const holder = new Client({ connectionString: world.settings.databaseUrl });
      await holder.connect();
      await holder.query('begin; lock table feedback in access exclusive mode');
      const frozen = freeze();
      // The freeze has its view of the database, and waits for the votes.
      const waiting = `select count(*) from pg_locks where not granted and relation = 'feedback'::regclass`;
      await until('the freeze at the lock', async () => (await holder.query(waiting)).rows[0].count === '1');
      await holder.query('delete from conversation where id = $1', [conversationId]);
      await holder.query('commit');
      await holder.end();
      if (when === 'before') await honour();
      const { id, rows } = await frozen;
      expect(rows.map(({ kind }) => kind)).toEqual(['comparison', 'thumb', 'prompt']);
      await honour();
      expect(await textOf(id)).not.toContain(promptOf('secret').join());
    },
  );

  it('leaves no file behind when its run is no longer ours', async () => {
    await talk('secret');
    const runId = await addRun(world);
    const lease = new RunLease(world.db, (await claimRun(world.db, 'test'))!, 'test');
    await world.db.update(schema.trainingRun).set({ leaseOwner: 'other' }).where(eq(schema.trainingRun.id, runId));
    const before = await readdir(snapshots);
    await expect(freezeSnapshot(lease, snapshots, world.base)).rejects.toMatchObject({ code: 'CONFLICT' });
    lease.close();
    expect(await readdir(snapshots)).toEqual(before);
  });

  it('never holds a message whose answer is still being written or failed', async () => {
    for (const status of ['running', 'failed'] as const) {
      const { generationIds } = await addTurn(world, { userId, text: status, completions: [[65]] });
      await world.db.update(schema.generation).set({ status }).where(eq(schema.generation.id, generationIds[0]!));
    }
    expect((await freeze()).rows).toEqual([]);
  });
});

describe.skipIf(problem)('a run in progress', () => {
  it('that resumes after a deletion drops the rows, and the checkpoint with samples of them', async () => {
    await world.db.delete(schema.conversation);
    await addVotes(world, 60);
    const { dataFolder } = world.settings;
    const id = await addRun(world, { ...QUICK, ppo: { ...QUICK.ppo, iterations: 60, klBudget: 1000 } });
    const folder = path.join(dataPaths(dataFolder).runs, id);
    const start = () => {
      const controller = new AbortController();
      const done = runTrainer({ settings: world.settings, log: silent, signal: controller.signal, times: FAST });
      return {
        stop() {
          controller.abort();
          return done;
        },
      };
    };
    const checkpoints = async () => (await readdir(folder)).filter((name) => /^ppo\..*safetensors$/.test(name));
    /** The prompts in the checkpoint's experience, as the bytes of their float32 ids. */
    const sampledFrom = async (texts: readonly string[], except: readonly string[] = []) => {
      const files = (await checkpoints()).filter((name) => !except.includes(name));
      const bytes = Buffer.concat(
        await Promise.all(files.map((name) => readFile(path.join(folder, name)).catch(() => Buffer.alloc(0)))),
      );
      return texts.filter((text) => bytes.includes(Buffer.from(Float32Array.from(promptOf(text)).buffer)));
    };
    const texts = Array.from({ length: 60 }, (_, i) => `q${i}`);

    const first = start();
    const sampled = await until('experience in a checkpoint', async () => {
      if ((await readRun(world, id)).stage !== 'ppo') return null;
      const found = await sampledFrom(texts).catch(() => []);
      return found.length > 0 && found;
    });
    await first.stop();
    expect((await readRun(world, id)).status).toBe('queued');
    // Every prompt that was sampled is deleted, so that nothing in the checkpoint may stay.
    const gone = texts.filter((text) => sampled.includes(text) || Number(text.slice(1)) % 3 === 0);
    for (const text of gone) await world.db.delete(schema.conversation).where(eq(schema.conversation.title, text));
    const left = texts.filter((text) => !gone.includes(text));
    const before = await checkpoints();

    const second = start();
    try {
      const seen = new Set<string>();
      await until('samples of what is left', async () => {
        for (const text of await sampledFrom(texts, before).catch(() => [])) seen.add(text);
        const { progress, finishedAt, attempt } = await readRun(world, id);
        // Eight iterations of 16 samples ask every remaining prompt more than once.
        return finishedAt || (attempt > 0 && progress > 8 / 61 && left.some((text) => seen.has(text)));
      });
      expect((await readRun(world, id)).finishedAt).toBeNull();
      expect(gone.filter((text) => seen.has(text))).toEqual([]);
      expect((await checkpoints()).filter((name) => before.includes(name))).toEqual([]);
      const snapshotId = (await readRun(world, id)).snapshotId!;
      const text = await readFile(path.join(snapshots, `${snapshotId}.jsonl`), 'utf8');
      expect(gone.filter((name) => text.includes(`[${promptOf(name).join()}]`))).toEqual([]);
      await world.db.update(schema.trainingRun).set({ cancelRequested: true }).where(eq(schema.trainingRun.id, id));
      await until('the end', async () => (await readRun(world, id)).finishedAt);
      await until('the folder to go', async () => (await readdir(folder).catch(() => null)) === null);
    } finally {
      await second.stop();
    }
  }, 600_000);
});
