// What admins read and decide about feedback: the list with its filters, exclusion with its consequences, permissions.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { desc, eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Feedback } from '@/core/feedback/feedback';
import { FEEDBACK_KINDS, type FeedbackKind } from '@/core/feedback/kinds';
import { audit, conversation, feedback, trainingRun, user, version, versionFeedback } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { readSnapshot } from '@/trainer/runs/snapshots/read';
import { honourWithdrawals } from '@/trainer/runs/snapshots/withdrawals';
import { type Asked, askTwice, everyKind, QUALITY } from './judged';
import { type Api, callAs, createUser, createWorld, publishVersion, type World } from './world';

let world: World;
let web: WebProcess;
let adminId: string;
let admin: Api['admin'];
let versions: Api['version'];
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  await publishVersion(web, world.artifacts, 'v2');
});
afterAll(() => world?.close());
beforeEach(async () => {
  await web.product.db.delete(user);
  adminId = await createUser(web, 'admin');
  ({ admin, version: versions } = callAs(web, adminId, 'admin'));
});

async function newPerson(name = 'Ada') {
  const id = await createUser(web);
  await web.product.db.update(user).set({ name }).where(eq(user.id, id));
  const api = callAs(web, id);
  await api.account.setAllowSignals({ allowSignals: true });
  return { id, api };
}

/** A value of every kind, on two answers of the person's own. */
async function giveAll(person: Awaited<ReturnType<typeof newPerson>>, options: { versionId?: string } = {}) {
  const things = await askTwice(web, { of: person.id, ...options });
  const given = await everyKind(web, things);
  for (const kind of FEEDBACK_KINDS) await person.api.feedback.give(given[kind]);
  return things;
}

type Filter = Parameters<Api['admin']['feedback']>[0];
const kindsOf = async (filter: Filter) => (await admin.feedback(filter)).items.map(({ kind }) => kind).sort();
const all = [...FEEDBACK_KINDS].sort();

/** A judged run's data set, and the version that came of it. */
async function freeze() {
  const { db, base, snapshots } = web.product;
  await db.insert(trainingRun).values({ trigger: 'button', config: {}, parentVersionId: 'base' });
  const lease = new RunLease(db, (await claimRun(db, 'test'))!, 'test');
  try {
    const id = await freezeSnapshot(lease, snapshots, base);
    return await readSnapshot(db, snapshots, id);
  } finally {
    await lease.finish('done', 'test');
    lease.close();
  }
}
const votesIn = ({ rows }: Awaited<ReturnType<typeof freeze>>) =>
  rows.flatMap((row) => ('feedbackId' in row && row.feedbackId ? [row.feedbackId] : []));

describe('the list of feedback', () => {
  it('has every kind, with who gave it, what was judged, and what the value says', async () => {
    const things = await giveAll(await newPerson());
    const { items, hidden, nextCursor } = await admin.feedback({});
    expect(items.map(({ kind }) => kind).sort()).toEqual(all);
    expect([hidden, nextCursor]).toEqual([0, null]);
    for (const item of items)
      expect(item).toMatchObject({
        ...{ question: 'Why?', source: 'chat', excluded: null, consentedLater: null },
        rater: { name: 'Ada', isBanned: false },
      });
    const of = (kind: FeedbackKind) => items.find((item) => item.kind === kind)!;
    const preferred = (kind: FeedbackKind) =>
      of(kind).answers.flatMap(({ generationId, isPreferred }) => (isPreferred ? [generationId] : []));
    expect(preferred('comparison')).toEqual([things.one]);
    expect(preferred('best_of')).toEqual([things.other]);
    expect(preferred('ranking')).toEqual([things.other]);
    expect(of('demonstration').answers).toEqual([]);
    // 0.35 x (4 - 1)/4 + 0.3 x (5 - 1)/4 + 0.2 x (1 - 1)/4 + 0.15 x 1
    expect(of('questionnaire').questionnaire).toMatchObject({ name: 'quality', quality: expect.closeTo(0.7125, 9) });
    expect(of('questionnaire').value).toMatchObject({ answers: QUALITY });
  });

  it('is narrowed by kind, mark, source, version and consent', async () => {
    const person = await newPerson();
    const { conversationId } = await giveAll(person);
    for (const kind of FEEDBACK_KINDS) expect(await kindsOf({ kind })).toEqual([kind]);
    expect(await kindsOf({ mark: 'up' })).toEqual(['thumb']);
    expect(await kindsOf({ mark: 'down' })).toEqual([]);
    expect(await kindsOf({ mark: 'comment' })).toEqual(['thumb']);
    expect(await kindsOf({ mark: 'reason' })).toEqual(['flaws', 'thumb']);
    expect(await kindsOf({ source: 'workplace' })).toEqual([]);
    const { db } = web.product;
    await db.update(feedback).set({ source: 'workplace' }).where(eq(feedback.kind, 'rating'));
    expect(await kindsOf({ source: 'workplace' })).toEqual(['rating']);
    // A written answer is about no version's.
    expect(await kindsOf({ versionId: 'base' })).toEqual(all.filter((kind) => kind !== 'demonstration'));
    expect(await kindsOf({ versionId: 'v2' })).toEqual([]);
    await giveAll(await newPerson(), { versionId: 'v2' });
    expect(await kindsOf({ versionId: 'v2' })).toEqual(all.filter((kind) => kind !== 'demonstration'));
    expect(await kindsOf({ consent: 'later' })).toEqual([]);
    for (const allowTraining of [false, true])
      await db.update(conversation).set({ allowTraining }).where(eq(conversation.id, conversationId));
    expect(await kindsOf({ consent: 'later' })).toEqual(all);
    expect(await kindsOf({ consent: 'from_start', versionId: 'base' })).toEqual([]);
    expect((await admin.feedback({ kind: 'rating', consent: 'later' })).items[0]!.consentedLater).toBeInstanceOf(Date);
  });

  it('is narrowed by a reason, as that of a thumb, a named flaw, or one ticked in a questionnaire', async () => {
    const person = await newPerson();
    const things = await giveAll(person);
    expect(await kindsOf({ reason: 'clear' })).toEqual(['thumb']);
    expect(await kindsOf({ reason: 'incorrect' })).toEqual(['flaws']);
    expect(await kindsOf({ reason: 'unsafe' })).toEqual([]);
    const { questionnaire } = await everyKind(web, things);
    const ticked = { ...questionnaire.value, answers: { ...QUALITY, unsafe: true } };
    await person.api.feedback.give({ ...questionnaire, value: ticked } as Feedback);
    expect(await kindsOf({ reason: 'unsafe' })).toEqual(['questionnaire']);
  });

  it('is narrowed by part of a name or address, or an id, and takes % and _ for themselves', async () => {
    const people = [await newPerson('Percy 100%'), await newPerson('Percy 100 Pro'), await newPerson('Under_score')];
    for (const { id, api } of people) {
      const { one: generationId } = await askTwice(web, { of: id });
      await api.feedback.give({ kind: 'rating', generationId, value: { rating: 1 } });
    }
    const namesOf = async (rater: string) =>
      (await admin.feedback({ rater })).items.map((item) => item.rater.name).sort();
    expect(await namesOf('percy')).toEqual(['Percy 100 Pro', 'Percy 100%']);
    expect(await namesOf(' 100% ')).toEqual(['Percy 100%']);
    expect(await namesOf('_')).toEqual(['Under_score']);
    expect(await namesOf(`${people[1]!.id}@example`)).toEqual(['Percy 100 Pro']);
    expect(await namesOf(people[2]!.id)).toEqual(['Under_score']);
    expect(await namesOf('\\')).toEqual([]);
  });

  it('is searched in messages, answers, comments and what people wrote, and takes % and _ for themselves', async () => {
    const { id, api } = await newPerson();
    const things = await askTwice(web, { of: id, question: 'Is 5_0 more?', text: 'Half of 100% is 50.' });
    const { one: generationId, messageId } = things;
    await api.feedback.give({ kind: 'rating', generationId, value: { rating: 1 }, comment: 'Nine_lives' });
    await api.feedback.give({ kind: 'correction', generationId, value: { text: 'Better at 90%' } });
    await api.feedback.give({ kind: 'demonstration', messageId, value: { text: 'All by myself' } });
    const flaw = { flaw: 'incorrect', reason: 'Says "fifty"' };
    await api.feedback.give({ kind: 'flaws', generationId, value: { flaws: [flaw] } });
    const plain = await askTwice(web, { of: id, question: 'Is 5x0 more?', text: 'Half of 1000 is 500.' });
    await api.feedback.give({ kind: 'thumb', generationId: plain.one, value: { up: true }, comment: 'Nine lives' });
    const about = ['correction', 'demonstration', 'flaws', 'rating'];
    expect(await kindsOf({ text: '5_0' })).toEqual(about);
    expect(await kindsOf({ text: 'HALF OF 100%' })).toEqual(about.filter((kind) => kind !== 'demonstration'));
    expect(await kindsOf({ text: 'nine_' })).toEqual(['rating']);
    expect(await kindsOf({ text: '90%' })).toEqual(['correction']);
    expect(await kindsOf({ text: 'by myself' })).toEqual(['demonstration']);
    expect(await kindsOf({ text: '"fifty"' })).toEqual(['flaws']);
    expect(await kindsOf({ text: 'more?' })).toEqual([...about, 'thumb']);
    expect(await kindsOf({ text: 'more?', kind: 'thumb' })).toEqual(['thumb']);
    await expect(admin.feedback({ text: 'a\0' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(admin.feedback({ texte: 'a' } as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('counts feedback without consent by kind and version only, so that no search tells what is in it', async () => {
    const { id, api } = await newPerson('Secretive');
    const things = await askTwice(web, { of: id, allowTraining: false, question: 'Is zygote secret?' });
    for (const generationId of [things.one, things.other])
      await api.feedback.give({ kind: 'rating', generationId, value: { rating: 2 }, comment: 'zygote' });
    for (const narrow of [{}, { text: 'zygote' }, { text: 'nothing' }, { rater: 'Secretive' }, { reason: 'zygote' }]) {
      const found = await admin.feedback(narrow);
      expect([found.items, found.hidden]).toEqual([[], 2]);
    }
    expect((await admin.feedback({ consent: 'withheld' })).items).toEqual([]);
    expect((await admin.feedback({ kind: 'thumb' })).hidden).toBe(0);
    await api.conversation.setAllowTraining({ id: things.conversationId, allowTraining: true });
    expect(await kindsOf({ text: 'zygote' })).toEqual(['rating', 'rating']);
    await api.conversation.setAllowTraining({ id: things.conversationId, allowTraining: false });
    expect(await kindsOf({ text: 'zygote' })).toEqual([]);
  });

  it('is narrowed to the votes that a snapshot holds', async () => {
    const person = await newPerson();
    await giveAll(person);
    const { id: snapshotId } = await freeze();
    const { one: generationId } = await askTwice(web, { of: person.id });
    await person.api.feedback.give({ kind: 'rating', generationId, value: { rating: 3 } });
    expect(await kindsOf({ snapshotId })).toEqual(all);
    expect(await kindsOf({})).toHaveLength(all.length + 1);
    await expect(admin.feedback({ snapshotId: randomUUID() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('excluded feedback', () => {
  let person: Awaited<ReturnType<typeof newPerson>>;
  let things: Asked;
  let id: string;
  const reason = 'Insults only';
  beforeEach(async () => {
    person = await newPerson();
    things = await askTwice(web, { of: person.id });
    ({ id } = await person.api.feedback.give({ kind: 'thumb', generationId: things.one, value: { up: true } }));
  });
  const voteOf = async () => (await admin.feedback({})).items.find((item) => item.id === id)!;
  const thumbsOfBase = async () => (await versions.figures({ ids: ['base'] }))[0]!.thumbRate.n;
  const honour = () => honourWithdrawals(web.product.db, path.dirname(world.artifacts), pino({ level: 'silent' }));

  it('is left out of the next snapshot and of the figures of versions, with its reason in the audit log', async () => {
    expect(await thumbsOfBase()).toBe(1);
    await admin.excludeFeedback({ id, reason });
    expect(votesIn(await freeze())).not.toContain(id);
    expect(await thumbsOfBase()).toBe(0);
    expect(await voteOf()).toMatchObject({ excluded: { at: expect.any(Date), by: 'Ada', reason } });
    expect([await kindsOf({ isExcluded: true }), await kindsOf({ isExcluded: false })]).toEqual([['thumb'], []]);
    expect((await person.api.feedback.mine()).items).toMatchObject([{ isExcluded: true }]);
    const [entry] = await web.product.db.select().from(audit).orderBy(desc(audit.id)).limit(1);
    expect(entry).toMatchObject({ actorId: adminId, action: 'feedback.exclude', subject: id, detail: { reason } });
  });

  it('loses its lines in older snapshots, while versions that learned from it keep what they learned', async () => {
    const frozen = await freeze();
    await web.product.db
      .update(trainingRun)
      .set({ resultVersionId: 'v2' })
      .where(eq(trainingRun.snapshotId, frozen.id));
    await web.product.db.update(version).set({ snapshotId: frozen.id }).where(eq(version.id, 'v2'));
    expect(votesIn(frozen)).toEqual([id]);
    await web.product.db.insert(versionFeedback).values({ versionId: 'v2', feedbackId: id });
    await admin.excludeFeedback({ id, reason });
    expect(await honour()).toBe(true);
    expect(votesIn(await readSnapshot(web.product.db, web.product.snapshots, frozen.id))).toEqual([]);
    expect((await person.api.feedback.mine()).items[0]!.learnedBy).toMatchObject([{ versionId: 'v2' }]);
    // The file no longer says where the vote was.
    const traced = await person.api.feedback.trace({ id });
    expect(traced).toMatchObject({ isExcluded: true, isConsented: true });
    expect(traced.snapshots).toMatchObject([{ id: frozen.id, lines: null, runs: [{ version: { versionId: 'v2' } }] }]);
    await web.product.db.update(version).set({ snapshotId: null }).where(eq(version.id, 'v2'));
  });

  it('comes back with an undo: into the next snapshot and the figures, but not into those frozen meanwhile', async () => {
    await admin.excludeFeedback({ id, reason });
    const meanwhile = await freeze();
    await web.product.db
      .update(trainingRun)
      .set({ resultVersionId: 'v2' })
      .where(eq(trainingRun.snapshotId, meanwhile.id));
    await admin.restoreFeedback({ id, reason: 'Looked again' });
    expect(await thumbsOfBase()).toBe(1);
    expect((await voteOf()).excluded).toBeNull();
    expect((await person.api.feedback.mine()).items[0]!.learnedBy).toEqual([]);
    const after = await freeze();
    expect(votesIn(after)).toEqual([id]);
    expect((await person.api.feedback.trace({ id })).snapshots.map((one) => one.id)).toEqual([after.id]);
    const actions = (await admin.audit({})).items.slice(0, 2).map(({ action }) => action);
    expect(actions).toEqual(['feedback.restore', 'feedback.exclude']);
  });

  it('stays out if its author takes it back and gives it anew, until an admin puts it back', async () => {
    await admin.excludeFeedback({ id, reason });
    const about = { kind: 'thumb', generationId: things.one } as const;
    await person.api.feedback.withdraw(about);
    const anew = await person.api.feedback.give({ ...about, value: { up: false } });
    expect(anew.id).not.toBe(id);
    expect(await thumbsOfBase()).toBe(0);
    expect((await admin.feedback({})).items).toMatchObject([{ id: anew.id, excluded: { by: 'Ada', reason } }]);
    await admin.restoreFeedback({ id: anew.id, reason: 'Looked again' });
    expect(await thumbsOfBase()).toBe(1);
    // What was not excluded when it was taken back comes back as it was.
    await person.api.feedback.withdraw(about);
    await person.api.feedback.give({ ...about, value: { up: true } });
    expect((await admin.feedback({})).items).toMatchObject([{ excluded: null }]);
  });

  it('needs a reason, and is excluded or put back once', async () => {
    await expect(admin.excludeFeedback({ id, reason: '  ' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(admin.excludeFeedback({ id: randomUUID(), reason })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(admin.restoreFeedback({ id, reason })).rejects.toMatchObject({ code: 'CONFLICT' });
    const twice = await Promise.allSettled([1, 2].map(() => admin.excludeFeedback({ id, reason })));
    expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(admin.excludeFeedback({ id, reason })).rejects.toThrow(/is excluded already/);
  });

  it('of a rater weighs nothing in the next snapshot and the figures and starts no training, until readmitted', async () => {
    const { ratingAdmin } = callAs(web, adminId, 'admin');
    const weightOf = async () => (await freeze()).rows.flatMap((row) => (row.kind === 'thumb' ? [row.trust] : []));
    const unused = async () => (await admin.overview()).counts.unusedFeedback.n;
    expect([await unused(), await weightOf()]).toEqual([1, [1]]);
    const { one: generationId } = await askTwice(web, { of: person.id });
    await person.api.feedback.give({ kind: 'rating', generationId, value: { rating: 1 } });
    expect(await unused()).toBe(1);
    await ratingAdmin.setStanding({ userId: person.id, standing: 'banned', reason });
    expect([await unused(), await weightOf(), await thumbsOfBase()]).toEqual([0, [0], 0]);
    expect((await voteOf()).rater.isBanned).toBe(true);
    await ratingAdmin.setStanding({ userId: person.id, standing: null, reason: 'Talked to them' });
    expect([await weightOf(), await thumbsOfBase()]).toEqual([[1], 1]);
  });
});

describe('people who are no admins', () => {
  it.each(['user', 'rater'])('a %s reads, excludes and restores nothing', async (role) => {
    const api = callAs(web, await createUser(web, role), role).admin;
    const decision = { id: randomUUID(), reason: 'x' };
    for (const refused of [
      () => api.feedback({}),
      () => api.excludeFeedback(decision),
      () => api.restoreFeedback(decision),
      () => api.snapshot({ id: decision.id }),
      () => api.snapshotRows({ id: decision.id }),
    ])
      await expect(refused()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
