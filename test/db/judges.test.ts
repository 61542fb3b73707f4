// Judges on a real database: measured before they label, labels as feedback with their source, what they may read.
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FIRST_PRINCIPLES } from '@/core/judging/constitution';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import * as users from '@/server/services/account/user';
import * as conversations from '@/server/services/conversation';
import { COMPLETION_TOKENS, type JudgeEndpoint, PROMPT_TOKENS, startJudgeEndpoint } from '../judge-endpoint';
import { addPairs, endpointJudge, type JudgeApi, letWork, openJudges, readJudge, scoreOf } from './judge-world';
import { callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let endpoint: JudgeEndpoint;
let api: JudgeApi;
let adminId: string;

const honest = (first: string, second: string) => (scoreOf(first) - scoreOf(second)) / 4;

beforeAll(async () => {
  world = await createWorld({ seed: 1 }, Math.random, [{ name: '127.0.0.1', port: null }]);
  web = world.web;
});
afterAll(() => world?.close());
beforeEach(async () => {
  const { db } = web.product;
  await db.delete(schema.judge);
  await db.delete(schema.user);
  endpoint = await startJudgeEndpoint({ compare: honest });
  ({ adminId, api } = await openJudges(web));
});
afterEach(() => endpoint.close());

describe('measuring', () => {
  it('an honest judge passes; it labels what it has not labelled, and each label says where it comes from', async () => {
    const { db } = web.product;
    const pairs = await addPairs(web, adminId, { pairs: 50, isUploaded: true, voted: 45 });
    const { id } = await api.add(endpointJudge(endpoint.url));
    await expect(api.setActivity({ id, activity: 'label' })).rejects.toThrow(/has not been measured/);
    const measured = await letWork(api, id, 'measure');
    expect(measured).toMatchObject({ trouble: null, mayLabel: true });
    const { figures, faults, price } = measured.measurements[0]!;
    expect(faults).toEqual([]);
    expect(figures).toMatchObject({ pairs: 45, positionBias: 0, selfAgreement: 1, repeats: 30, lengthBias: 0 });
    // 45 of 45 right: Wilson's lower end is 45 / (45 + 1.96^2).
    expect(figures.agreement.value).toBe(1);
    expect(figures.agreement.low).toBeCloseTo(45 / (45 + 1.959964 ** 2), 6);
    // 45 pairs and 30 of them again, each in both orders, at 100 tokens for 1 and 10 for 2 a million.
    expect(price).toBeCloseTo((150 * (PROMPT_TOKENS + 2 * COMPLETION_TOKENS)) / 1e6, 9);

    const done = await letWork(api, id, 'label');
    expect(done).toMatchObject({ labelled: 50, done: 50, trouble: null, activity: 'idle' });
    const rows = await db.select().from(schema.feedback).where(eq(schema.feedback.source, 'judge'));
    expect(rows).toHaveLength(50);
    expect(new Set(rows.map(({ userId }) => userId))).toEqual(new Set([done.raterId]));
    const labels = await db.select().from(schema.judgeLabel);
    const version = (await api.constitutions())[0]!.version;
    for (const pair of pairs) {
      const label = labels.find(({ messageId }) => messageId === pair.messageId)!;
      const row = rows.find(({ id }) => id === label.feedbackId)!;
      expect(label).toMatchObject({ judgeId: id, model: 'judge-1', constitutionVersion: version });
      expect(label.price).toBeCloseTo((2 * (PROMPT_TOKENS + 2 * COMPLETION_TOKENS)) / 1e6, 9);
      const [stored] = await db.select().from(schema.comparison).where(eq(schema.comparison.id, row.comparisonId!));
      const isLeftBetter = (stored!.leftGenerationId === pair.generationIds[0]) === pair.isFirstBetter;
      // Log-odds of 2 in both orders are nearest to the largest margin.
      expect(row.value).toEqual({ choice: isLeftBetter ? 'left' : 'right', strength: 'much' });
      const odds = label.said.orders!.map(({ logOdds }) => Math.abs(logOdds!));
      expect(odds[0]).toBeCloseTo(2, 6);
      expect(odds[1]).toBeCloseTo(2, 6);
      expect(label.said.orders![0].words).toContain('because');
    }
    const shown = await callAs(web, adminId, 'admin').admin.feedback({ source: 'judge' });
    expect(shown.items[0]!.rater).toMatchObject({ id: done.raterId, name: 'Outside judge' });
    expect(await api.labels({ judgeId: id })).toHaveLength(30);

    // Other principles, other figures.
    await api.writeConstitution({ principles: [FIRST_PRINCIPLES[0]!], basedOn: version });
    expect(await readJudge(api, id)).toMatchObject({ mayLabel: false });
    await expect(api.setActivity({ id, activity: 'label' })).rejects.toThrow(/principles in force/);
  });

  it('a judge that goes by the place, one that goes by the length, and one that guesses are kept out by their figures', async () => {
    await addPairs(web, adminId, { pairs: 60, isUploaded: true, voted: 60 });
    const faultsWith = async (compare: (first: string, second: string) => number) => {
      endpoint.rule.compare = compare;
      const { id } = await api.add(endpointJudge(endpoint.url));
      const { measurements, mayLabel } = await letWork(api, id, 'measure');
      expect(mayLabel).toBe(false);
      await expect(api.setActivity({ id, activity: 'label' })).rejects.toThrow(/may not label/);
      return measurements[0]!;
    };
    const byPlace = await faultsWith((first, second) => 1 + honest(first, second) / 4);
    expect(byPlace.faults).toContain('positionBias');
    expect(byPlace.figures.positionBias).toBe(1);
    const byLength = await faultsWith((first, second) => Math.sign(first.length - second.length));
    expect(byLength.faults).toEqual(expect.arrayContaining(['lengthBias', 'agreement']));
    expect(byLength.faults).not.toContain('positionBias');
    expect(byLength.figures.lengthBias).toBeGreaterThan(0.5);
    const guess = await faultsWith(() => Math.random() - 0.5);
    expect(guess.faults).toEqual(expect.arrayContaining(['positionBias', 'selfAgreement', 'agreement']));
    expect(await web.product.db.select().from(schema.judgeLabel)).toEqual([]);
  });

  it('too few pairs that people judged let nobody label', async () => {
    await addPairs(web, adminId, { pairs: 20, isUploaded: true, voted: 20 });
    const { id } = await api.add(endpointJudge(endpoint.url));
    expect((await letWork(api, id, 'measure')).measurements[0]!.faults).toEqual(['pairs']);
  });
});

describe('what a judge reads and writes', () => {
  it('an endpoint gets uploaded prompts alone; the base also reads chats whose owners were told of readers', async () => {
    await addPairs(web, adminId, { pairs: 45, isUploaded: true, voted: 45 });
    const owner = await createUser(web);
    const [chat, quiet, kept] = await addPairs(web, owner, { pairs: 3, isUploaded: false });
    const { db } = web.product;
    const set = (id: string, columns: object) =>
      db.update(schema.conversation).set(columns).where(eq(schema.conversation.id, id));
    await set(quiet!.conversationId, { readersNamed: false });
    await set(kept!.conversationId, { allowTraining: false });
    const { id } = await api.add(endpointJudge(endpoint.url, { labels: ['comparison', 'rating', 'correction'] }));
    await letWork(api, id, 'measure');
    expect((await letWork(api, id, 'label')).trouble).toBeNull();
    expect(endpoint.asked.length).toBeGreaterThan(100);
    expect(endpoint.asked.filter(({ text }) => text.includes('Chat question'))).toEqual([]);

    const local = await api.add({ kind: 'local', name: 'Base', labels: ['comparison'] });
    const figures = (await letWork(api, local.id, 'measure')).measurements[0]!.figures;
    expect(figures.pairs).toBe(45);
    // The engine computes the same prompt alike.
    expect(figures.selfAgreement).toBe(1);
    // Its figures are a random model's; the rest of the test asks what it would read.
    const [last] = await db.select().from(schema.judgeMeasurement).where(eq(schema.judgeMeasurement.judgeId, local.id));
    const agreement = { value: 1, low: 0.9, high: 1 };
    const good = { ...last!.figures, positionBias: 0, lengthBias: 0, agreement };
    await db.update(schema.judgeMeasurement).set({ figures: good }).where(eq(schema.judgeMeasurement.id, last!.id));
    expect((await letWork(api, local.id, 'label')).labelled).toBe(46);
    const read = await db.select().from(schema.judgeLabel).where(eq(schema.judgeLabel.judgeId, local.id));
    const ids = read.map(({ conversationId }) => conversationId);
    expect(ids).toContain(chat!.conversationId);
    expect(ids).not.toContain(quiet!.conversationId);
    expect(ids).not.toContain(kept!.conversationId);
    for (const { said } of read) for (const { logOdds } of said.orders!) expect(logOdds).toBeTypeOf('number');
  });

  it('ratings and corrections are feedback, too; deleting a chat deletes its labels, critiques and feedback', async () => {
    const { db } = web.product;
    const pairs = await addPairs(web, adminId, { pairs: 42, isUploaded: true, voted: 42 });
    endpoint.rule.rate = () => 8;
    const { id } = await api.add(endpointJudge(endpoint.url, { labels: ['rating', 'correction'] }));
    await letWork(api, id, 'measure');
    expect(await letWork(api, id, 'label')).toMatchObject({ labelled: 4 * 42, trouble: null });
    const { raterId } = await readJudge(api, id);
    const rows = await db.select().from(schema.feedback).where(eq(schema.feedback.userId, raterId));
    expect(rows.filter(({ kind }) => kind === 'rating').map(({ value }) => value)).toEqual(
      Array.from({ length: 84 }, () => ({ rating: 8 })),
    );
    const correction = rows.find(({ kind }) => kind === 'correction')!;
    expect(correction.value).toEqual({ text: 'A much kinder answer.' });
    const labels = await db.select().from(schema.judgeLabel);
    const { said } = labels.find(({ feedbackId }) => feedbackId === correction.id)!;
    expect(said.critique).toBe('It is rude to the person.');
    expect(FIRST_PRINCIPLES.map(({ id }) => id)).toContain(said.principleId);

    const { conversationId } = pairs[0]!;
    await conversations.remove(web.product, adminId, conversationId);
    const left = await db.select().from(schema.judgeLabel);
    expect(left).toHaveLength(labels.length - 4);
    expect(left.filter((label) => label.conversationId === conversationId)).toEqual([]);
    const feedbackLeft = await db.select().from(schema.feedback).where(eq(schema.feedback.userId, raterId));
    expect(feedbackLeft).toHaveLength(rows.length - 4);
    const history = await db.select().from(schema.feedbackHistory).where(eq(schema.feedbackHistory.userId, raterId));
    expect(history).toHaveLength(rows.length - 4);
  });

  it('a stop ends the labelling at once, and the next start goes on with what is left', async () => {
    await addPairs(web, adminId, { pairs: 60, isUploaded: true, voted: 60 });
    const { id } = await api.add(
      endpointJudge(endpoint.url, { limits: { ...endpointLimits, requestsPerMinute: 3000 } }),
    );
    await letWork(api, id, 'measure');
    await api.setActivity({ id, activity: 'label' });
    await expect.poll(async () => (await readJudge(api, id)).labelled).toBeGreaterThan(3);
    await api.setActivity({ id, activity: 'idle' });
    const stopped = (await readJudge(api, id)).labelled;
    expect(stopped).toBeLessThan(60);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await readJudge(api, id)).labelled).toBe(stopped);
    expect((await letWork(api, id, 'label')).labelled).toBe(60);
    const labels = await web.product.db.select().from(schema.judgeLabel);
    expect(new Set(labels.map(({ messageId }) => messageId)).size).toBe(60);
  });
});

const endpointLimits = {
  ...{ promptPrice: 1, completionPrice: 2, budget: 1000, mostCalls: 100_000 },
  ...{ requestsPerMinute: 60_000, timeoutSeconds: 20 },
};

describe('the constitution', () => {
  it('has versions that stay, a return makes a new one, every change is audited, and two edits at once collide', async () => {
    const { db } = web.product;
    const [first] = await api.constitutions();
    const changed = [{ ...FIRST_PRINCIPLES[0]!, text: 'Be brief.' }];
    const second = await api.writeConstitution({ principles: changed, basedOn: first!.version });
    await expect(api.writeConstitution({ principles: changed, basedOn: first!.version })).rejects.toThrow(
      /Someone else/,
    );
    const third = await api.restoreConstitution({ version: first!.version });
    expect(third.version).toBeGreaterThan(second.version);
    const [now, before] = await api.constitutions();
    expect(now).toMatchObject({ principles: FIRST_PRINCIPLES, restores: first!.version });
    expect(before).toMatchObject({ principles: changed, restores: null });
    const entries = await db
      .select()
      .from(schema.audit)
      .where(eq(schema.audit.subject, String(third.version)));
    expect(entries.map(({ action, actorId }) => [action, actorId])).toContainEqual(['constitution.restore', adminId]);
    const twice = [FIRST_PRINCIPLES[0]!, FIRST_PRINCIPLES[0]!];
    await expect(api.writeConstitution({ principles: twice, basedOn: third.version })).rejects.toThrow(
      /ids must differ/,
    );
    await expect(callAs(web, await createUser(web)).judge.constitutions()).rejects.toThrow(/Only an admin/);
  });

  it('a judge’s account is no person: it stands on no list, gets no role, and has no way to sign in', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url));
    const { raterId } = await readJudge(api, id);
    const { db } = web.product;
    expect(await db.select().from(schema.account).where(eq(schema.account.userId, raterId))).toEqual([]);
    await expect(users.setRole(web.product, adminId, { id: raterId, role: 'admin' })).rejects.toThrow(
      /nobody signs in/,
    );
    const listed = await users.list(web.product, { show: 'accounts', query: 'Outside' });
    expect(listed.items).toEqual([]);
  });
});
