// Rankings, trust, agreement and groups from real rows: who counts, what is claimed, and who may read it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { krippendorffAlpha } from '@/core/statistics/agreement/krippendorff';
import { raterIdOf } from '@/core/trust/rater-id';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { seedBase } from '@/db/release';
import * as schema from '@/db/schema';
import { createCaller } from '@/server/routers';
import type { Product } from '@/server/services/product';
import { HONEST, PEOPLE, writeCrowd, writeSharedTasks } from '@/test/crowd-votes';
import { createTestDatabase } from './database';

let db: Database;
let product: Product;
let close: () => Promise<void>;
let askedId: string;
const caller = (role: string) =>
  createCaller({ product, user: { id: 'someone', name: 'Someone', role, isAnonymous: false } });
const admin = () => caller('admin').statistics;

beforeAll(async () => {
  const database = await createTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-statistics-'));
  db = getDatabase(database.url);
  close = async () => {
    await closeDatabase(database.url);
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };
  product = { db, runs: folder } as Product;
  await seedBase(db, { id: 'b', sha256: 'c' });
  askedId = (await writeCrowd(db))[0]!;
});
afterAll(() => close?.());

describe('the leaderboard', () => {
  it('orders versions by the votes of people who are believed, with places only where intervals are apart', async () => {
    const board = await admin().leaderboard({});
    expect(board.versions.map(({ versionId }) => versionId)).toEqual(['v1', 'base', 'v2']);
    expect(board.versions.map(({ place }) => place)).toEqual([1, 2, 3].map((at) => ({ best: at, worst: at })));
    expect(board.versions.find(({ isChampion }) => isChampion)!.versionId).toBe('base');
    for (const { rating, elo, isFew, place: _ } of board.versions) {
      expect(rating.low).toBeLessThan(rating.value);
      expect(rating.high).toBeGreaterThan(rating.value);
      expect(elo.low).toBeLessThanOrEqual(elo.high);
      expect(isFew).toBe(false);
    }
    const mean = board.versions.reduce((sum, { rating }) => sum + rating.value, 0) / 3;
    expect(mean).toBeCloseTo(1000, 6);
  });

  it('counts each vote once: none of a banned person, those of an inverter turned over, and none that is excluded', async () => {
    const board = await admin().leaderboard({});
    const { people } = await admin().trust();
    const weightOf = new Map(people.map(({ id, kinds }) => [id, kinds[0]!.weight]));
    const votes = await db
      .select({ userId: schema.feedback.userId, value: schema.feedback.value, left: schema.generation.versionId })
      .from(schema.feedback)
      .innerJoin(schema.comparison, eq(schema.comparison.id, schema.feedback.comparisonId))
      .innerJoin(schema.generation, eq(schema.generation.id, schema.comparison.leftGenerationId))
      .innerJoin(schema.message, eq(schema.message.id, schema.generation.messageId))
      .where(eq(schema.message.parentId, askedId)); // the first match
    const believed = votes.filter(({ userId }) => weightOf.get(userId) !== 0);
    const wins = believed.filter(({ userId, value, left }) => {
      const picksFirst = (value as FeedbackValue<'comparison'>).choice === 'left' ? left === 'v1' : left !== 'v1';
      return weightOf.get(userId)! > 0 ? picksFirst : !picksFirst;
    });
    expect([weightOf.get('banned'), weightOf.get('inverter')! < 0]).toEqual([0, true]);
    expect(board.pairs.map(({ a, b }) => `${a} ${b}`)).toEqual(['v1 base', 'base v2']);
    expect(board.pairs[0]).toMatchObject({ wins: wins.length, losses: believed.length - wins.length, ties: 0 });
    const counted = board.pairs.reduce((sum, pair) => sum + pair.wins + pair.losses, 0);
    expect(counted).toBe(board.votes);
    // The interval that holds at any time is wider than one for a single look.
    const { winRate, low, high } = board.versions[0]!.sideBySide;
    expect(board.pairs[0]!.winRate.value).toBeCloseTo(winRate, 12);
    expect(board.pairs[0]!.winRate.low).toBeLessThan(low);
    expect(board.pairs[0]!.winRate.high).toBeGreaterThan(high);
    const rows = await db.select().from(schema.feedback).where(eq(schema.feedback.userId, 'honest 1'));
    const excluded = { excludedAt: new Date(), excludedReason: 'a test' };
    await db.update(schema.feedback).set(excluded).where(eq(schema.feedback.id, rows[0]!.id));
    const after = await admin().leaderboard({});
    expect(after.votes).toBe(board.votes - 1);
    await db
      .update(schema.feedback)
      .set({ excludedAt: null, excludedReason: null })
      .where(eq(schema.feedback.id, rows[0]!.id));
  });

  it('takes out of the ratings what is asked for, and says what it is worth', async () => {
    const { effects, versions } = await admin().leaderboard({ length: true, style: true, position: true });
    // No answer has a heading or a bold word, so nothing is said of them.
    expect(effects.map(({ name }) => name)).toEqual(['tokens', 'lists', 'position']);
    for (const { low, value, high } of effects) expect([low < value, value < high]).toEqual([true, true]);
    // Only v1 writes lists, so lists and v1 cannot be told apart, and its interval says so.
    const plain = (await admin().leaderboard({})).versions.find(({ versionId }) => versionId === 'v1')!.rating;
    const controlled = versions.find(({ versionId }) => versionId === 'v1')!.rating;
    expect(controlled.high - controlled.low).toBeGreaterThan(1.5 * (plain.high - plain.low));
    const length = await admin().leaderboard({ length: true });
    expect(length.effects.map(({ name }) => name)).toEqual(['tokens']);
  });
});

describe('trust', () => {
  it('shows each person’s posterior, weight and evidence, an admin’s word with its reason, and partners by name', async () => {
    const { people, more } = await admin().trust();
    const of = (name: string) => people.find((person) => person.name === name)!;
    expect([people.length, more]).toEqual([PEOPLE.length, 0]);
    const honest = of('honest 2').kinds[0]!;
    const votes = await db.select().from(schema.feedback);
    const own = votes.filter(({ userId }) => userId === 'honest 2');
    const ofOthers = votes.filter(
      ({ userId, comparisonId }) => userId !== 'honest 2' && own.some((vote) => vote.comparisonId === comparisonId),
    );
    expect(honest).toMatchObject({ kind: 'comparison', votes: own.length, overlap: { n: ofOthers.length } });
    expect(honest.weight).toBeGreaterThan(0.8);
    expect(honest.reliability.low).toBeLessThanOrEqual(honest.reliability.value);
    expect(honest.reliability.high).toBeGreaterThanOrEqual(honest.reliability.value);
    expect(honest.tests.disagrees.rejectedAt).toBeNull();
    const inverter = of('inverter').kinds[0]!;
    expect(inverter.weight).toBeLessThan(-0.5);
    expect(inverter.weightByEvidence).toBe(inverter.weight);
    expect(inverter.tests.disagrees).toMatchObject({ rejectedAt: expect.any(Number) });
    expect(inverter.tests.disagrees.chance).toBeLessThan(0.05);
    expect(of('banned')).toMatchObject({ standing: 'banned', standingReason: 'Votes against everyone.' });
    expect(of('banned').kinds[0]!.weight).toBe(0);
    expect([of('twin a').partners, of('twin b').partners]).toEqual([['twin b'], ['twin a']]);
    expect(of('honest 2').partners).toEqual([]);
  });
});

describe('agreement', () => {
  afterEach(() => db.delete(schema.ratingTask));

  it('is that of the raters’ stored answers, without repeats and banned raters', async () => {
    const answers = await writeSharedTasks(db, askedId);
    const { kinds, pairs, crowd } = await admin().agreement();
    const numbers = Array.from({ length: 16 }, (_, i) =>
      ['honest 0', 'honest 1', 'honest 2'].map((rater) => (answers.get(rater)![i] === 'left' ? 2 : -2)),
    );
    expect(kinds).toHaveLength(1);
    expect(kinds[0]).toMatchObject({ kind: 'compare', tasks: 16, raters: 3, fleissRaters: 3, alphaOfLevels: null });
    expect(kinds[0]!.alpha!.value).toBeCloseTo(krippendorffAlpha(numbers, 'ordinal')!, 12);
    expect(kinds[0]!.alpha!.low).toBeLessThan(kinds[0]!.alpha!.value);
    // Those who agree least come first; two who always agree have a kappa of 1.
    expect(pairs.map(({ one, other }) => `${one}, ${other}`).at(-1)).toBe('honest 0, honest 1');
    expect(pairs.at(-1)!.kappa).toEqual({ value: 1, low: 1, high: 1 });
    expect(pairs).toHaveLength(3);
    // Two of three are always right, so neither model overrules them, and who errs once in four is right less often.
    expect(crowd).toMatchObject({ tasks: 16, overruledByDawidSkene: 0, overruledByGlad: 0 });
    expect(crowd!.raters[0]).toMatchObject({ name: 'honest 2', answers: 16 });
    expect(crowd!.raters[0]!.byDawidSkene).toBeCloseTo(0.75, 1);
    expect(crowd!.hardest.length).toBe(5);
    // Two of the honest raters agree in 28 of 32 pairs of answers and one in 24, so none of the three is ahead of another.
    // What the banned one says does not lower them.
    const raters = await caller('admin').ratingAdmin.raters();
    const places = new Map(raters.map(({ name, place }) => [name, place]));
    for (const name of HONEST.slice(0, 3)) expect(places.get(name)).toEqual({ best: 1, worst: 3 });
    expect(places.get('banned')).toEqual({ best: 4, worst: 4 });
    expect(raters.map(({ withOthers }) => withOthers!.mean * withOthers!.count)).toEqual([28, 28, 24, 4]);
    await db.update(schema.conversation).set({ allowTraining: false });
    expect((await admin().agreement()).crowd!.hardest).toEqual([]);
    await db.update(schema.conversation).set({ allowTraining: true });
  });

  it('is empty without shared tasks', async () => {
    expect(await admin().agreement()).toEqual({ kinds: [], pairs: [], crowd: null, countedAt: null });
  });
});

describe('groups', () => {
  const keyOf = (view: Awaited<ReturnType<ReturnType<typeof admin>['groups']>>, key: string) =>
    view.keys.find((own) => own.key === key)!.groups;

  it('have a version’s win rate worst first, and nobody in fewer than five people', async () => {
    const view = await admin().groups({ versionId: 'base' });
    expect(view).toMatchObject({ versionId: 'base', runId: null, fewestPeople: 5, people: PEOPLE.length });
    const languages = keyOf(view, 'language');
    // The base loses to v1 in English and beats v2 in Japanese.
    expect(languages.map(({ value }) => value)).toEqual(['en', 'ja']);
    expect(languages[0]!.wins!.high).toBeLessThan(0.5);
    expect(languages[1]!.wins!.low).toBeGreaterThan(0.5);
    expect(languages[0]!.share + languages[1]!.share).toBeCloseTo(1, 12);
    // Two people say 60+, so they are put together with the four who say nothing.
    const ages = keyOf(view, 'age');
    expect(ages.map(({ value, people }) => [value, people]).sort()).toEqual([
      [null, 6],
      ['30-44', 6],
    ]);
    expect(JSON.stringify(view)).not.toContain('60+');
    for (const { groups } of view.keys) for (const { people } of groups) expect(people).toBeGreaterThanOrEqual(5);
    expect(keyOf(view, 'topic').map(({ value }) => value)).toEqual(['chat']);
    expect(keyOf(view, 'taste')).toEqual([]);
  });

  it('leave out chats whose owners do not allow training', async () => {
    await db.update(schema.conversation).set({ allowTraining: false });
    const view = await admin().groups({});
    expect([view.votes, view.people]).toEqual([0, 0]);
    expect(view.keys.every(({ groups }) => groups.length === 0)).toBe(true);
    await db.update(schema.conversation).set({ allowTraining: true });
  });

  it('of what people say of themselves stand until the votes of five people of a group have changed', async () => {
    const agesOf = async () => {
      const { keys } = await admin().groups({ versionId: 'base' });
      const { groups, publishedAt } = keys.find(({ key }) => key === 'age')!;
      return { groups, publishedAt };
    };
    const before = await agesOf();
    const all = (await admin().groups({})).votes;
    const exclude = (people: string[]) =>
      db
        .update(schema.feedback)
        .set({ excludedAt: sql`now()` })
        .where(
          sql`id in (select distinct on (user_id) id from feedback where user_id = any(${sql.param(people)}) order by user_id, id)`,
        );
    const said = await db.select({ id: schema.user.id, groups: schema.user.groups }).from(schema.user);
    const thirties = said.flatMap(({ id, groups }) => (groups.age === '30-44' && PEOPLE.includes(id) ? [id] : []));
    await exclude(thirties.slice(0, 1));
    // The whole has a vote less, and no group tells whose it was.
    expect((await admin().groups({})).votes).toBe(all - 1);
    expect(await agesOf()).toEqual(before);
    // A person who takes back what they said does not move from one group to another before others do.
    await db.update(schema.user).set({ groups: {} }).where(eq(schema.user.id, thirties[1]!));
    expect(await agesOf()).toEqual(before);
    await db
      .update(schema.user)
      .set({ groups: { age: '30-44' } })
      .where(eq(schema.user.id, thirties[1]!));
    await exclude(thirties.slice(0, 4));
    expect(await agesOf()).toEqual(before);
    await new Promise((resolve) => setTimeout(resolve, 5)); // the clock has milliseconds
    await exclude(thirties.slice(0, 5));
    const after = await agesOf();
    expect(after.publishedAt!.getTime()).toBeGreaterThan(before.publishedAt!.getTime());
    const votesOf = ({ groups }: typeof after, value: string | null) =>
      groups.find((group) => group.value === value)!.votes;
    expect(votesOf(after, '30-44')).toBe(votesOf(before, '30-44') - 5);
    expect(votesOf(after, null)).toBe(votesOf(before, null));
    await db.update(schema.feedback).set({ excludedAt: null });
  });

  it('have the reward model’s held-out figures and the tastes of the newest run that left a report', async () => {
    const [run] = await db
      .insert(schema.trainingRun)
      .values({ trigger: 'button', config: {}, parentVersionId: 'base', status: 'done', finishedAt: new Date() })
      .returning();
    const figures = { pairs: 20, accuracy: 0.7, low: 0.48, high: 0.86, ece: 0.1, margin: 1, lengthBaseline: 0.5 };
    const raters = PEOPLE.map((id, i) => ({ rater: raterIdOf(id), taste: i < 5 ? 'taste 1' : null, weight: 1 }));
    const report = { temperature: 1, groups: [{ key: 'language', value: 'ja', ...figures }], raters };
    await mkdir(path.join(product.runs, run!.id));
    await writeFile(path.join(product.runs, run!.id, 'reward-report.json'), JSON.stringify(report));
    const view = await admin().groups({});
    expect(view.runId).toBe(run!.id);
    const japanese = keyOf(view, 'language').find(({ value }) => value === 'ja')!;
    expect(japanese.rewardModel).toEqual({ value: 0.7, low: 0.48, high: 0.86, n: 20, calibrationError: 0.1 });
    expect(keyOf(view, 'language').find(({ value }) => value === 'en')!.rewardModel).toBeNull();
    const tastes = keyOf(view, 'taste').map(({ value, people }) => `${value}: ${people}`);
    expect(tastes.sort()).toEqual(['crowd: 7', 'taste 1: 5']);
  });
});

it('statistics are for admins only, and refuse what they do not know', async () => {
  for (const role of ['user', 'rater']) {
    const { leaderboard, trust, agreement, groups } = caller(role).statistics;
    for (const call of [leaderboard, trust, agreement, groups])
      await expect(call(undefined as never)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  }
  await expect(admin().leaderboard({ colour: true } as never)).rejects.toThrow(/colour/);
  await expect(admin().groups({ versionId: 'nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(admin().groups({ versionId: '' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});
