// What admins see of a frozen data set: its counts, its rows as texts, what was taken back, and why a file is not shown.
import { randomUUID } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FEEDBACK_KINDS } from '@/core/feedback/kinds';
import { snapshotFile } from '@/core/snapshot/snapshot';
import { conversation, feedback, message, trainingRun, user } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { indexLines, readLines } from '@/server/services/snapshot/line-index';
import type { SnapshotRowView } from '@/server/services/snapshot/views';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { readSnapshot } from '@/trainer/runs/snapshots/read';
import { honourWithdrawals } from '@/trainer/runs/snapshots/withdrawals';
import { type Asked, askTwice, everyKind } from './judged';
import { type Api, callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Api['admin'];
let person: Api;
let things: Asked;
let id: string;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
});
afterAll(() => world?.close());

let personId: string;
async function giveAll(question: string): Promise<Asked> {
  const asked = await askTwice(web, { of: personId, question });
  const given = await everyKind(web, asked);
  for (const kind of FEEDBACK_KINDS) await person.feedback.give(given[kind]);
  return asked;
}

async function freeze(): Promise<string> {
  const { db, base, snapshots } = web.product;
  await db.insert(trainingRun).values({ trigger: 'button', config: {}, parentVersionId: 'base' });
  const lease = new RunLease(db, (await claimRun(db, 'test'))!, 'test');
  const frozen = await freezeSnapshot(lease, snapshots, base);
  await lease.finish('done', 'test');
  lease.close();
  return frozen;
}

/** A data set with a value of every kind of one person, all but the rating given in the chat. */
beforeEach(async () => {
  const { db } = web.product;
  await db.delete(user);
  admin = callAs(web, await createUser(web, 'admin'), 'admin').admin;
  personId = await createUser(web);
  person = callAs(web, personId);
  await person.account.setAllowSignals({ allowSignals: true });
  things = await giveAll('Is it <b>raining</b>?');
  await db.update(feedback).set({ source: 'workplace' }).where(eq(feedback.kind, 'rating'));
  id = await freeze();
});

const rowsOf = async (more: object = {}) => (await admin.snapshotRows({ id, ...more })).items;
const contentOf = (items: SnapshotRowView[], kind: string) => items.find((item) => item.kind === kind)!.content!;
const file = () => snapshotFile(web.product.snapshots, id);
const total = (counts: { rows: number }[]) => counts.reduce((sum, { rows }) => sum + rows, 0);

describe('a snapshot', () => {
  it('shows its rows by kind, split, source, trust and group, and the run that froze it', async () => {
    const seen = await admin.snapshot({ id });
    expect(seen).toMatchObject({ id, trouble: null, blanked: [], runs: [{ status: 'done', resultVersionId: null }] });
    const { rows, raters, kinds, sources, trust, groups } = seen.content!;
    // Flaws are rows of a questionnaire; the one prompt is a row of its own.
    expect(Object.fromEntries(kinds.map(({ kind, train, heldout }) => [kind, train + heldout]))).toEqual({
      ...{ comparison: 1, thumb: 1, prompt: 1, best_of: 1, ranking: 1, rating: 1 },
      ...{ questionnaire: 2, correction: 1, demonstration: 1, implicit: 1 },
    });
    expect([rows, raters]).toEqual([11, 1]);
    expect(sources).toEqual([
      { name: 'chat', rows: 9 },
      { name: 'prompt', rows: 1 },
      { name: 'workplace', rows: 1 },
    ]);
    expect(trust).toEqual([{ name: 'full', rows: 10 }]);
    expect(groups).toEqual([{ name: 'language', values: [{ name: 'en', rows: 10 }] }]);
  });

  it('shows each row as text, with what was said of it', async () => {
    const items = await rowsOf();
    expect(items.map(({ line }) => line)).toEqual(Array.from({ length: 11 }, (_, i) => i + 1));
    expect(contentOf(items, 'comparison')).toMatchObject({
      prompt: expect.stringContaining('Is it <b>raining</b>?'),
      completions: [
        { text: expect.stringContaining('A plain answer.'), versionId: 'base' },
        { text: expect.stringContaining('Another answer.'), versionId: 'base' },
      ],
      said: { kind: 'comparison', value: { choice: 'left' } },
      trust: 1,
      raterId: expect.stringMatching(/^[0-9a-f]{16}$/),
      groups: { language: 'en' },
    });
    const said = (kind: string) => contentOf(items, kind).said?.value;
    expect(said('thumb')).toMatchObject({ up: true });
    expect(said('best_of')).toEqual({ generationIds: ['0', '1'], best: '0' });
    expect(said('ranking')).toEqual({ order: [['0'], ['1']] });
    expect(said('rating')).toEqual({ rating: 7 });
    expect(said('implicit')).toEqual({ copied: true, dwellMs: 800 });
    expect(contentOf(items, 'correction').completions.map(({ text }) => text?.slice(0, 16))).toEqual([
      'A plain answer.',
      'A better answer.',
    ]);
    expect(contentOf(items, 'prompt')).toMatchObject({ said: null, trust: null, raterId: null, feedbackId: null });
    const { feedbackId } = contentOf(items, 'rating');
    expect((await person.feedback.trace({ id: feedbackId! })).snapshots).toMatchObject([{ id }]);
  });

  it('is checked and read in full once: later pages read their lines, until the file is another', async () => {
    const index = () => indexLines(web.product.db, web.product.snapshots, id);
    const first = await index();
    const page = await rowsOf({ cursor: 9 });
    expect(page.map(({ line }) => line)).toEqual([10, 11]);
    expect(await index()).toBe(first);
    await person.feedback.withdraw({ kind: 'rating', generationId: things.one });
    await readSnapshot(web.product.db, web.product.snapshots, id);
    expect(await readLines(id, first, first.lines)).toBeNull();
    const second = await index();
    expect(second.lines.map(({ line }) => line)).toEqual(
      first.lines.flatMap((l) => (l.kind === 'rating' ? [] : l.line)),
    );
    // The lines are those of a reading in full.
    const texts = (await readFile(file(), 'utf8')).split('\n');
    expect(await readLines(id, second, second.lines)).toEqual(texts.filter(Boolean));
    expect((await rowsOf()).map(({ line }) => line)).toEqual(second.lines.map(({ line }) => line));
  });

  it('keeps back what nobody rated if its owner was not told that others read it, and shows what was rated', async () => {
    await web.product.db.update(conversation).set({ readersNamed: false });
    const items = await rowsOf();
    const kept = items.filter(({ withheld }) => withheld !== null);
    // A weak signal is no rating.
    expect(new Set(kept.map(({ kind, withheld }) => `${kind} ${withheld}`))).toEqual(
      new Set(['prompt unrated', 'implicit unrated']),
    );
    const listed = (await admin.feedback({})).items.map(({ kind }) => kind);
    expect(listed).toContain('thumb');
    expect(listed).not.toContain('implicit');
    // The prompt of a later turn holds the earlier ones.
    const turn = { conversationId: things.conversationId, role: 'user' as const, content: 'And tomorrow?' };
    await web.product.db.insert(message).values(turn);
    expect((await rowsOf()).filter(({ withheld }) => withheld === null)).toEqual([]);
    await person.conversation.setAllowTraining({ id: things.conversationId, allowTraining: true });
    expect((await rowsOf()).map(({ withheld }) => withheld)).toEqual(items.map(() => null));
  });

  it('tells nothing of what raters say of themselves, neither in counts nor beside a row', async () => {
    await person.account.setGroups({ age: '60+', use: 'work' });
    id = await freeze();
    const { groups } = (await admin.snapshot({ id })).content!;
    expect(groups.map(({ name }) => name)).toEqual(['language']);
    const seen = (await rowsOf()).flatMap(({ content }) => Object.keys(content!.groups));
    expect(new Set(seen)).toEqual(new Set(['language']));
  });

  it('gives its rows by kind and split, a page at a time', async () => {
    expect((await rowsOf({ kind: 'rating' })).map(({ kind }) => kind)).toEqual(['rating']);
    const splits = await Promise.all((['train', 'heldout'] as const).map((split) => rowsOf({ split })));
    expect(splits.map((rows) => rows.length).reduce((a, b) => a + b)).toBe(11);
    expect((await rowsOf({ cursor: 10 })).map(({ line }) => line)).toEqual([11]);
    expect(await rowsOf({ cursor: 11 })).toEqual([]);
    for (const question of ['And now?', 'And then?']) await giveAll(question);
    const snapshotId = await freeze();
    const first = await admin.snapshotRows({ id: snapshotId });
    const second = await admin.snapshotRows({ id: snapshotId, cursor: first.nextCursor });
    const lines = [...first.items, ...second.items].map(({ line }) => line);
    expect([lines, second.nextCursor]).toEqual([Array.from({ length: 33 }, (_, i) => i + 1), null]);
  });

  it('hides a row at once when it is taken back or excluded, and lists the lines that were blanked for it', async () => {
    await person.feedback.withdraw({ kind: 'correction', generationId: things.one });
    const { id: rated } = (await admin.feedback({ kind: 'rating' })).items[0]!;
    await admin.excludeFeedback({ id: rated, reason: 'x' });
    const before = await rowsOf();
    expect(
      before
        .filter(({ content }) => content === null)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['correction', 'rating']);
    expect((await admin.snapshot({ id })).content!.sources).toContainEqual({ name: 'withdrawn', rows: 1 });
    await honourWithdrawals(web.product.db, path.dirname(world.artifacts), pino({ level: 'silent' }));
    const { content, blanked } = await admin.snapshot({ id });
    expect(content!.rows).toBe(9);
    expect(blanked).toMatchObject([{ at: expect.any(Date), lines: 2 }]);
    expect((await rowsOf()).every((row) => row.content !== null)).toBe(true);
    await web.product.db.update(conversation).set({ allowTraining: false });
    expect((await rowsOf()).every((row) => row.content === null)).toBe(true);
  });

  it('does not show a backup’s lines that were blanked since', async () => {
    const backup = await readFile(file());
    await person.feedback.withdraw({ kind: 'correction', generationId: things.one });
    await honourWithdrawals(web.product.db, path.dirname(world.artifacts), pino({ level: 'silent' }));
    await writeFile(file(), backup);
    expect((await rowsOf()).map(({ kind }) => kind)).not.toContain('correction');
    expect(total((await admin.snapshot({ id })).content!.trust)).toBe(9);
  });

  it('says that its file is gone, or is not what was frozen, and shows none of it', async () => {
    await appendFile(file(), '{}\n');
    expect(await admin.snapshot({ id })).toMatchObject({ trouble: 'corrupt', content: null });
    await expect(admin.snapshotRows({ id })).rejects.toThrow(/has the sha256 .*, expected .*\. Restore the file\./);
    await rm(file());
    expect(await admin.snapshot({ id })).toMatchObject({ trouble: 'missing', content: null });
    await expect(admin.snapshotRows({ id })).rejects.toThrow(/cannot be read\. Restore it from a backup\./);
    await expect(admin.snapshot({ id: randomUUID() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
