// A vote and the versions that learned from it: traced in both directions, counted, listed, and withdrawn.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { release, snapshot, trainingRun, version, versionFeedback, withdrawal } from '@/db/schema';
import { FeedbackTrace } from '@/server/api/openapi/feedback-responses';
import type { WebProcess } from '@/server/product';
import { listChanges } from '@/server/services/version/changes';
import { createClient, routeTo } from './api-client';
import { askTwice, newPerson } from './judged';
import { callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
});
afterAll(() => world?.close());

describe('a vote that was learned from', () => {
  /** A judged run over a snapshot that holds these lines, which learned from the feedback that it names. */
  async function learn(lines: object[], learned: string[] = []) {
    const { db, snapshots } = web.product;
    const id = crypto.randomUUID();
    await mkdir(snapshots, { recursive: true });
    await writeFile(path.join(snapshots, `${id}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    // The clock of the database, which is the one that votes have.
    await db
      .insert(snapshot)
      .values({ id, sha256: 'f'.repeat(64), counts: { 'rating/train': 1 }, frozenUpTo: sql`clock_timestamp()` });
    const [{ baseId, baseSha256 }] = (await db.select().from(version)) as [typeof version.$inferSelect];
    const versionId = `v-${id.slice(0, 8)}`;
    const run = {
      trigger: 'button' as const,
      config: {},
      parentVersionId: 'base',
      snapshotId: id,
      status: 'done' as const,
    };
    const [row] = await db
      .insert(trainingRun)
      .values({ ...run, resultVersionId: versionId })
      .returning();
    const gates = [{ name: 'reward', value: 1, threshold: 0, bound: 'min' as const, passed: true }];
    const facts = { baseId, baseSha256, status: 'accepted' as const, gates, runId: row!.id, snapshotId: id };
    await db.insert(version).values({ id: versionId, parentId: 'base', ...facts });
    if (learned.length > 0)
      await db.insert(versionFeedback).values(learned.map((feedbackId) => ({ versionId, feedbackId })));
    return { snapshotId: id, versionId, runId: row!.id };
  }

  it('traces to the lines, the run, the version and its gates, and the version back to the votes', async () => {
    const { id, api } = await newPerson(web);
    const things = await askTwice(web, { of: id });
    const rate = (generationId: string) => api.feedback.give({ kind: 'rating', generationId, value: { rating: 8 } });
    const { id: seen } = await rate(things.one);
    const { id: leftOut } = await rate(things.other);
    const { snapshotId, versionId, runId } = await learn([{ feedbackId: 'other' }, { feedbackId: seen }], [seen]);
    const { id: later } = await api.feedback.give({ kind: 'thumb', generationId: things.one, value: { up: true } });
    const traced = await api.feedback.trace({ id: seen });
    expect(traced.snapshots).toMatchObject([
      {
        id: snapshotId,
        lines: [2],
        runs: [{ id: runId, version: { versionId, hasLearned: true, gates: [{ name: 'reward' }], isChampion: false } }],
      },
    ]);
    expect((await api.feedback.trace({ id: leftOut })).snapshots).toEqual([]);
    expect((await api.feedback.trace({ id: later })).snapshots).toEqual([]);

    const admin = callAs(web, await createUser(web, 'admin'), 'admin');
    expect((await admin.feedback.trace({ id: seen })).id).toBe(seen);
    const { api: stranger } = await newPerson(web);
    await expect(stranger.feedback.trace({ id: seen })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { secret } = await api.apiKey.create({ name: 'trace', allowTraining: true });
    routeTo(web);
    const client = await createClient(web);
    const response = await client.send(`/v1/feedback/${seen}/trace`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(FeedbackTrace.parse(await response.json())).toMatchObject({
      snapshots: [{ runs: [{ version: { version_id: versionId } }] }],
    });
    expect((await client.send(`/v1/feedback/${seen}/trace`)).status).toBe(404);
    expect((await client.send('/v1/feedback/x/trace')).status).toBe(400);

    const back = await admin.feedback.contributions({ versionId });
    expect(back).toMatchObject({ snapshotId, rows: { 'rating/train': 1 } });
    // The other rating was there in time, and was not learned from.
    expect(back).toMatchObject({ votes: { rating: 1 }, people: 1 });
    await expect(api.feedback.contributions({ versionId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await api.feedback.withdraw({ kind: 'rating', generationId: things.one });
    expect(await admin.feedback.contributions({ versionId })).toMatchObject({ votes: {}, people: 0 });
  });

  it('is counted for everyone in steps of five people, without signals and what no run learned from', async () => {
    const learned: string[] = [];
    for (let i = 0; i < 12; i++) {
      const { id, api } = await newPerson(web);
      const { one: generationId } = await askTwice(web, { of: id });
      const thumb = await api.feedback.give({ kind: 'thumb', generationId, value: { up: true } });
      const signal = await api.feedback.give({ kind: 'implicit', generationId, value: { copied: true } });
      // The others were banned, excluded or held out when the data was frozen.
      if (i < 6) learned.push(thumb.id, signal.id);
    }
    const { versionId } = await learn([], learned);
    const [first] = learned;
    const admin = callAs(web, await createUser(web, 'admin'), 'admin');
    // It was learned from, whatever is decided about it later.
    await admin.admin.excludeFeedback({ id: first!, reason: 'Spam' });
    expect(await admin.feedback.contributions({ versionId })).toMatchObject({
      people: 6,
      votes: { thumb: 6, implicit: 6 },
    });
    const change = (await listChanges(web.product, Date.now())).find(({ id }) => id === versionId);
    expect(change).toMatchObject({ crowd: { atLeastPeople: 5, atLeastVotes: 5 }, isServed: false });
  });

  it('is held out or not believed: the version says that it did not learn from it', async () => {
    const { id, api } = await newPerson(web);
    const { one: generationId } = await askTwice(web, { of: id });
    const { id: heldOut } = await api.feedback.give({ kind: 'rating', generationId, value: { rating: 3 } });
    await learn([{ feedbackId: heldOut }]);
    expect((await api.feedback.trace({ id: heldOut })).snapshots).toMatchObject([
      { lines: [1], runs: [{ version: { hasLearned: false } }] },
    ]);
    expect((await api.feedback.mine()).items).toMatchObject([{ learnedBy: [] }]);
  });

  it('is listed with the version, and whether that version became the champion', async () => {
    const { id, api } = await newPerson(web);
    const { one: generationId } = await askTwice(web, { of: id });
    const given = await api.feedback.give({ kind: 'rating', generationId, value: { rating: 2 } });
    const { versionId } = await learn([], [given.id]);
    const mine = async () => (await api.feedback.mine()).items;
    expect(await mine()).toMatchObject([
      {
        ...{ kind: 'rating', generationId, question: 'Why?', answers: [{ text: 'A plain answer.' }], canChange: true },
        learnedBy: [{ versionId, status: 'accepted', championSince: null, isChampion: false }],
      },
    ]);
    await web.product.db.insert(release).values({ versionId, action: 'promote' });
    expect((await mine())[0]!.learnedBy[0]).toMatchObject({ championSince: expect.any(Date), isChampion: true });
    await web.product.db.insert(release).values({ versionId: 'base', action: 'rollback' });
    expect((await mine())[0]!.learnedBy[0]).toMatchObject({ championSince: expect.any(Date), isChampion: false });
    // A change after the snapshot is in the history; the version still learned from the first value.
    await api.feedback.give({ kind: 'rating', generationId, value: { rating: 9 } });
    expect((await mine())[0]!.learnedBy).toHaveLength(1);
    expect((await api.feedback.history({ kind: 'rating', generationId })).map(({ value }) => value)).toEqual([
      { rating: 2 },
      { rating: 9 },
    ]);
  });

  it('is reported to the trainer when it is withdrawn, so that its line is blanked', async () => {
    const { id, api } = await newPerson(web);
    const { one: generationId } = await askTwice(web, { of: id });
    await api.feedback.give({ kind: 'correction', generationId, value: { text: 'Private words.' } });
    const waiting = () => web.product.db.$count(withdrawal);
    const before = await waiting();
    await api.feedback.withdraw({ kind: 'correction', generationId });
    expect(await waiting()).toBe(before + 1);
  });
});
