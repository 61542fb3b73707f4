// Feedback of every kind: one live value with its history, given by the owner alone, checked against what it is about.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Feedback } from '@/core/feedback/feedback';
import { FEEDBACK_KINDS, type FeedbackKind } from '@/core/feedback/kinds';
import {
  feedback,
  feedbackHistory,
  generation,
  questionnaire,
  release,
  snapshot,
  trainingRun,
  version,
  withdrawal,
} from '@/db/schema';
import {
  FeedbackList,
  FeedbackResponse,
  FeedbackTrace,
  QuestionnaireList,
} from '@/server/api/openapi/feedback-responses';
import type { WebProcess } from '@/server/product';
import { listChanges } from '@/server/services/version/changes';
import { type ApiClient, createClient, errorOf, routeTo } from './api-client';
import { type Asked, everyKind as anyKind, openQuestionnaire as anyQuestionnaire, askTwice, QUALITY } from './judged';
import { type Api, callAs, createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let adaId: string;
let ada: Api;
beforeAll(async () => {
  world = await createWorld({ seed: 1 }, () => 0.9);
  web = world.web;
  adaId = await createUser(web);
  ada = callAs(web, adaId);
  await ada.account.setAllowSignals({ allowSignals: true });
});
afterAll(() => world?.close());

const asked = ({ of = adaId, ...options }: Partial<Parameters<typeof askTwice>[1]> = {}) =>
  askTwice(web, { of, ...options });
const openQuestionnaire = (isForChat: boolean) => anyQuestionnaire(web, isForChat);
const everyKind = (things: Asked) => anyKind(web, things);

const rowsOf = (userId: string, kind: FeedbackKind) =>
  web.product.db
    .select()
    .from(feedback)
    .where(and(eq(feedback.userId, userId), eq(feedback.kind, kind)));
const historyOf = (userId: string) =>
  web.product.db.select().from(feedbackHistory).where(eq(feedbackHistory.userId, userId)).orderBy(feedbackHistory.id);
const newPerson = async () => {
  const id = await createUser(web);
  const api = callAs(web, id);
  await api.account.setAllowSignals({ allowSignals: true });
  return { id, api };
};

describe('every kind', () => {
  it('is stored, shown with the conversation, withdrawn, and kept in the history', async () => {
    const { id, api } = await newPerson();
    const things = await asked({ of: id });
    const given = await everyKind(things);
    for (const kind of FEEDBACK_KINDS) await api.feedback.give(given[kind]);
    const view = await api.conversation.get({ id: things.conversationId });
    const [question, first] = view.messages;
    expect(Object.keys(question!.given).sort()).toEqual(['best_of', 'demonstration', 'ranking']);
    expect(Object.keys(first!.given).sort()).toEqual(
      ['correction', 'flaws', 'implicit', 'questionnaire', 'rating', 'thumb'].sort(),
    );
    for (const kind of FEEDBACK_KINDS) {
      const shown = first!.given[kind] ?? question!.given[kind];
      if (kind !== 'comparison') expect([kind, shown?.value]).toEqual([kind, given[kind].value]);
    }
    expect(first!.generation).toMatchObject({ thumb: 1, reasons: ['clear'], comment: 'good' });
    expect(view.comparisons).toMatchObject([{ source: 'regenerate', choice: 'left', strength: 'much' }]);
    for (const kind of FEEDBACK_KINDS) {
      const { value: _value, comment: _comment, ...subject } = given[kind];
      expect([kind, await api.feedback.withdraw(subject)]).toEqual([kind, true]);
      expect([kind, await api.feedback.withdraw(subject)]).toEqual([kind, false]);
    }
    expect(await web.product.db.select().from(feedback).where(eq(feedback.userId, id))).toEqual([]);
    expect((await api.conversation.get({ id: things.conversationId })).comparisons).toEqual([]);
    // One entry when it was given and one when it was withdrawn.
    const history = await historyOf(id);
    expect(history).toHaveLength(2 * FEEDBACK_KINDS.length);
    expect(history.filter(({ value }) => value === null)).toHaveLength(FEEDBACK_KINDS.length);
  });

  it('given twenty times at once is one row and one entry of the history', async () => {
    const { id, api } = await newPerson();
    const given = await everyKind(await asked({ of: id }));
    for (const kind of FEEDBACK_KINDS) {
      const ids = await Promise.all(Array.from({ length: 20 }, () => api.feedback.give(given[kind])));
      expect([kind, new Set(ids.map((row) => row.id)).size, (await rowsOf(id, kind)).length]).toEqual([kind, 1, 1]);
    }
    expect((await historyOf(id)).map(({ kind }) => kind)).toEqual(FEEDBACK_KINDS);
  });

  it('is refused on another person’s chat, as something that does not exist', async () => {
    const { api } = await newPerson();
    const things = await asked();
    for (const given of Object.values(await everyKind(things))) {
      const { value: _value, comment: _comment, ...subject } = given;
      await expect(api.feedback.give(given), given.kind).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(api.feedback.withdraw(subject), given.kind).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('has the signed-in person as its author, whoever the request names', async () => {
    const things = await asked();
    const forged = { kind: 'rating', generationId: things.one, value: { rating: 1 }, userId: 'bob' };
    await expect(ada.feedback.give(forged as never)).rejects.toThrow('unknown field userId');
  });
});

describe('a change of mind', () => {
  it('replaces the value and is one more entry of the history; a comment stays until it is removed', async () => {
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    const rate = (rating: number, comment?: string | null) =>
      api.feedback.give({ kind: 'rating', generationId, value: { rating }, ...(comment !== undefined && { comment }) });
    const first = await rate(3, 'meh');
    expect(await rate(9)).toEqual(first);
    await rate(9);
    await rate(9, null);
    expect(await rowsOf(id, 'rating')).toMatchObject([{ value: { rating: 9 }, comment: null }]);
    expect((await historyOf(id)).map(({ value, comment }) => [value, comment])).toEqual([
      [{ rating: 3 }, 'meh'],
      [{ rating: 9 }, 'meh'],
      [{ rating: 9 }, null],
    ]);
  });

  it('of a pair that is named the other way round is the same comparison, mirrored', async () => {
    const { id, api } = await newPerson();
    const { one, other } = await asked({ of: id });
    const pair = { kind: 'comparison', leftGenerationId: other, rightGenerationId: one } as const;
    const { comparisonId } = await api.feedback.give({ ...pair, value: { choice: 'left', strength: 'slightly' } });
    // `one` is older and so is the left one.
    expect(await rowsOf(id, 'comparison')).toMatchObject([{ value: { choice: 'right', strength: 'slightly' } }]);
    expect(await api.feedback.give({ ...pair, value: { choice: 'tie' } })).toMatchObject({ comparisonId });
    expect(await rowsOf(id, 'comparison')).toMatchObject([{ value: { choice: 'tie' } }]);
    await expect(api.feedback.give({ ...pair, value: { choice: 'tie', strength: 'much' } })).rejects.toThrow(
      'value strength belongs to left or right.',
    );
  });
});

describe('a value that does not fit', () => {
  const refusal = (given: Feedback) =>
    ada.feedback.give(given).then(
      () => 'accepted',
      (error: Error) => error.message,
    );

  it('is refused with a sentence that says what would', async () => {
    const { one: generationId, other, messageId } = await asked({ text: 'Hi 😀!' });
    const stranger = (await asked()).one;
    const { id: questionnaireId } = await openQuestionnaire(false);
    const answer = (answers: Record<string, unknown>) =>
      ({
        kind: 'questionnaire',
        generationId,
        value: { questionnaireId, answers: { ...QUALITY, ...answers } },
      }) as Feedback;
    const mark = (start: number, end: number, flaw = 'incorrect'): Feedback => ({
      ...{ kind: 'flaws', generationId },
      value: { flaws: [{ flaw, span: { start, end } }] },
    });
    const long = 'word '.repeat(1500);
    const { maxContext } = web.product;
    const sentences: [Feedback, RegExp][] = [
      [{ kind: 'rating', generationId, value: { rating: 11 } }, /^value\.rating must be at most 10\.$/],
      [
        { kind: 'best_of', messageId, value: { generationIds: [generationId, stranger], best: stranger } },
        new RegExp(`^${stranger} is not an answer to message ${messageId}`),
      ],
      [
        { kind: 'best_of', messageId, value: { generationIds: [generationId, other], best: stranger } },
        /^value best must be one of generationIds\.$/,
      ],
      [
        { kind: 'ranking', messageId, value: { order: [[generationId], [generationId]] } },
        /^value order must name each completion once/,
      ],
      [{ kind: 'ranking', messageId, value: { order: [[generationId, stranger]] } }, /is not an answer to message/],
      [
        { kind: 'questionnaire', generationId, value: { questionnaireId, answers: { correct: 4 } } },
        /^The question "follows" has no answer; give one\.$/,
      ],
      [answer({ correct: 6 }), /^The answer to "correct" must be a whole number from 1 to 5\.$/],
      [answer({ length: 'huge' }), /^The answer to "length" must be "too_short" or "right" or "too_long"\.$/],
      [answer({ unsafe: 1 }), /^The answer to "unsafe" must be true or false\.$/],
      [answer({ more: true }), /^The questionnaire "quality" has no question "more"/],
      [mark(0, 2, 'ugly'), /^There is no flaw "ugly"; choose from incorrect/],
      // H i space, two halves of the face, exclamation mark: 6 units.
      [mark(0, 7), /^The mark ends at 7, but the answer has 6 characters\.$/],
      [mark(0, 4), /^The mark from 0 to 4 cuts a character in two/],
      [mark(4, 6), /cuts a character in two/],
      [{ kind: 'correction', generationId, value: { text: ' Hi 😀!\n' } }, /^The correction is the same as the answer/],
      [{ kind: 'correction', generationId, value: { text: '  ' } }, /^value\.text must not be blank\.$/],
      [{ kind: 'correction', generationId, value: { text: long } }, /^The text takes \d+ tokens; \d+ fit/],
      [
        { kind: 'demonstration', messageId, value: { text: long } },
        /^The text takes \d+ tokens; \d+ fit|^The text has \d+ bytes/,
      ],
      [{ kind: 'demonstration', messageId: generationId, value: { text: 'x' } }, /^You have no message/],
      [{ kind: 'thumb', generationId, value: { up: true, reasons: ['a\0'] } }, /invalid character U\+0000/],
      [
        {
          kind: 'comparison',
          leftGenerationId: generationId,
          rightGenerationId: generationId,
          value: { choice: 'tie' },
        },
        /^comparisonId must be given/,
      ],
      [
        { kind: 'comparison', leftGenerationId: generationId, rightGenerationId: stranger, value: { choice: 'tie' } },
        /are not two answers to one message/,
      ],
      [{ kind: 'demonstration', value: { text: 'x' } }, /^messageId must be given, or else generationId/],
      [{ kind: 'implicit', generationId, value: {} }, /^value give at least one signal/],
    ];
    expect(maxContext).toBeLessThan(1500);
    for (const [given, sentence] of sentences)
      expect(await refusal(given), JSON.stringify(given).slice(0, 120)).toMatch(sentence);
    expect(await refusal(mark(0, 5))).toBe('accepted');
    expect((await rowsOf(adaId, 'flaws')).length).toBe(1);
  });

  it('is refused on an answer that is being written or has failed; only signals are taken while it is written', async () => {
    const { one: generationId, other } = await asked();
    const { db } = web.product;
    const set = (status: 'running' | 'failed') =>
      db.update(generation).set({ status, finishedAt: null }).where(eq(generation.id, generationId));
    const rate: Feedback = { kind: 'rating', generationId, value: { rating: 5 } };
    await set('failed');
    expect(await refusal(rate)).toMatch(/^This answer could not be written/);
    await set('running');
    expect(await refusal(rate)).toMatch(/^The answer is still being written/);
    const pair = { leftGenerationId: other, rightGenerationId: generationId };
    expect(await refusal({ kind: 'comparison', ...pair, value: { choice: 'tie' } })).toMatch(/still being written/);
    expect(await refusal({ kind: 'implicit', generationId, value: { abandoned: true } })).toBe('accepted');
    await db.update(generation).set({ status: 'done' }).where(eq(generation.id, generationId));
  });

  it('is refused when its questionnaire is retired', async () => {
    const { one: generationId } = await asked();
    const { questions } = await openQuestionnaire(false);
    const [old] = await web.product.db
      .insert(questionnaire)
      .values({ name: 'old', version: 1, questions, retiredAt: new Date() })
      .returning();
    const ask = (questionnaireId: string): Feedback => ({
      ...{ kind: 'questionnaire', generationId },
      value: { questionnaireId, answers: QUALITY },
    });
    expect(await refusal(ask(old!.id))).toMatch(/^The questionnaire "old", version 1, is no longer used/);
    expect(await refusal(ask(generationId))).toBe(`There is no questionnaire ${generationId}.`);
  });
});

describe('signals', () => {
  it('of one answer are one row: each is kept, and the longest time', async () => {
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    const signal = (value: Extract<Feedback, { kind: 'implicit' }>['value']) =>
      api.feedback.give({ kind: 'implicit', generationId, value });
    await Promise.all([
      signal({ dwellMs: 900 }),
      signal({ copied: true }),
      signal({ dwellMs: 400, regenerated: true }),
    ]);
    expect(await rowsOf(id, 'implicit')).toMatchObject([{ value: { copied: true, regenerated: true, dwellMs: 900 } }]);
  });

  it('are taken from the page only while the person allows them, and are deleted with that', async () => {
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    const copied = { kind: 'implicit', generationId, value: { copied: true } } as const;
    await api.feedback.give(copied);
    await api.account.setAllowSignals({ allowSignals: false });
    expect(await rowsOf(id, 'implicit')).toEqual([]);
    expect((await historyOf(id)).filter(({ kind }) => kind === 'implicit')).toEqual([]);
    await expect(api.feedback.give(copied)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('are not taken from a chat that is kept out of training', async () => {
    const { one: generationId } = await asked({ allowTraining: false });
    const given = { kind: 'implicit', generationId, value: { copied: true } } as const;
    await expect(ada.feedback.give(given)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('over the API', () => {
  let client: ApiClient;
  beforeAll(async () => {
    routeTo(web);
    client = await createClient(web);
  });
  const post = async (body: object) => {
    const response = await client.post('/v1/feedback', body);
    expect(response.status, await response.clone().text()).toBe(200);
    return FeedbackResponse.parse(await response.json());
  };
  const refused = async (body: object) => {
    const response = await client.post('/v1/feedback', body);
    expect(response.status).toBeGreaterThanOrEqual(400);
    return errorOf(response);
  };

  it('every kind is given in snake_case, listed in the form in which it was given, and withdrawn', async () => {
    const { one, other, messageId } = await asked({ of: client.userId });
    const { id: questionnaire_id } = await openQuestionnaire(false);
    const bodies: Record<FeedbackKind, { value: object; [field: string]: unknown }> = {
      thumb: { generation_id: one, value: { up: false, reasons: ['clear'] } },
      comparison: {
        ...{ left_generation_id: one, right_generation_id: other },
        value: { choice: 'right', strength: 'slightly' },
      },
      best_of: { message_id: messageId, value: { generation_ids: [one, other], best: one } },
      ranking: { generation_id: other, value: { order: [[one, other]] } },
      rating: { generation_id: one, value: { rating: 1 } },
      questionnaire: { generation_id: one, value: { questionnaire_id, answers: QUALITY } },
      flaws: { generation_id: one, value: { flaws: [{ flaw: 'incorrect', span: { start: 0, end: 1 } }] } },
      correction: { generation_id: one, value: { text: 'Better.' } },
      demonstration: { message_id: messageId, value: { text: 'Mine.' } },
      implicit: { generation_id: one, value: { abandoned: true, dwell_ms: 5 } },
    };
    for (const kind of FEEDBACK_KINDS) await post({ kind, ...bodies[kind] });
    const list = FeedbackList.parse(await (await client.send('/v1/feedback')).json());
    expect(list.next_cursor).toBeNull();
    expect(Object.fromEntries(list.data.map(({ kind, value }) => [kind, value]))).toEqual(
      Object.fromEntries(FEEDBACK_KINDS.map((kind) => [kind, bodies[kind].value])),
    );
    for (const kind of FEEDBACK_KINDS)
      expect(await post({ kind, ...bodies[kind], value: null })).toMatchObject({ id: null });
    expect(await (await client.send('/v1/feedback?kind=rating')).json()).toMatchObject({ data: [] });
  });

  it('a page goes on where the last one ended', async () => {
    const { id, api } = await newPerson();
    const own = await api.apiKey.create({ name: 'pages', allowTraining: true });
    for (let i = 0; i < 12; i++) {
      const { one, other } = await asked({ of: id });
      for (const generationId of [one, other])
        await api.feedback.give({ kind: 'rating', generationId, value: { rating: 5 } });
    }
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
      const response = await client.send(`/v1/feedback${query}`, {
        headers: { authorization: `Bearer ${own.secret}` },
      });
      const page = FeedbackList.parse(await response.json());
      ids.push(...page.data.map((item) => String(item.id)));
      cursor = page.next_cursor;
    } while (cursor);
    expect([ids.length, new Set(ids).size]).toEqual([24, 24]);
  });

  it('the two short forms of older clients stay valid', async () => {
    const { one, other } = await asked({ of: client.userId });
    const thumb = { kind: 'thumb', generation_id: one };
    await post({ ...thumb, value: 1, reasons: ['clear'], comment: 'fine' });
    await post({ ...thumb, value: 1 });
    expect((await rowsOf(client.userId, 'thumb')).at(-1)).toMatchObject({
      ...{ value: { up: true, reasons: ['clear'] }, comment: 'fine', source: 'api' },
    });
    await post({ ...thumb, value: null });
    expect(await rowsOf(client.userId, 'thumb')).toEqual([]);
    const { comparison_id } = await post({
      kind: 'comparison',
      preferred_generation_id: other,
      other_generation_id: one,
    });
    expect(await rowsOf(client.userId, 'comparison')).toMatchObject([
      { comparisonId: comparison_id, value: { choice: 'right' } },
    ]);
  });

  it('what is wrong is named as it was sent', async () => {
    const { one, messageId } = await asked({ of: client.userId });
    expect(
      await refused({ kind: 'best_of', message_id: messageId, value: { generation_ids: [one, one], best: one } }),
    ).toMatchObject({
      ...{ param: 'value', message: 'value: generation_ids must differ.' },
    });
    expect(await refused({ kind: 'implicit', generation_id: one, value: { dwellMs: 5 } })).toMatchObject({
      message: 'Unrecognized request argument supplied: value.dwellMs.',
    });
    expect(await refused({ kind: 'comparison', left_generation_id: one, value: { choice: 'tie' } })).toMatchObject({
      ...{ param: 'comparison_id', message: expect.stringContaining('left_generation_id and right_generation_id') },
    });
    expect(await refused({ kind: 'comparison', preferred_generation_id: one })).toMatchObject({
      param: 'other_generation_id',
    });
    expect(await refused({ kind: 'love' })).toMatchObject({ param: 'kind' });
    const stranger = await asked();
    const foreign = await client.post('/v1/feedback', {
      kind: 'rating',
      generation_id: stranger.one,
      value: { rating: 1 },
    });
    expect(foreign.status).toBe(404);
    expect((await client.send('/v1/feedback?cursor=x')).status).toBe(400);
    expect((await client.send('/v1/feedback?page=2')).status).toBe(400);
  });

  it('the questionnaires that take answers are listed', async () => {
    const { data } = QuestionnaireList.parse(await (await client.send('/v1/questionnaires')).json());
    expect(data.map(({ is_for_chat }) => is_for_chat).sort()).toEqual([false, true]);
  });
});

describe('a vote that was learned from', () => {
  /** A judged run over a snapshot that holds these lines. */
  async function learn(lines: object[]) {
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
    return { snapshotId: id, versionId, runId: row!.id };
  }

  it('traces to the lines, the run, the version and its gates, and the version back to the votes', async () => {
    const { id, api } = await newPerson();
    const things = await asked({ of: id });
    const rate = (generationId: string) => api.feedback.give({ kind: 'rating', generationId, value: { rating: 8 } });
    const { id: seen } = await rate(things.one);
    const { id: leftOut } = await rate(things.other);
    const { snapshotId, versionId, runId } = await learn([{ feedbackId: 'other' }, { feedbackId: seen }]);
    const { id: later } = await api.feedback.give({ kind: 'thumb', generationId: things.one, value: { up: true } });
    const traced = await api.feedback.trace({ id: seen });
    expect(traced.snapshots).toMatchObject([
      {
        id: snapshotId,
        lines: [2],
        runs: [{ id: runId, version: { versionId, gates: [{ name: 'reward' }], isChampion: false } }],
      },
    ]);
    expect((await api.feedback.trace({ id: leftOut })).snapshots).toEqual([]);
    expect((await api.feedback.trace({ id: later })).snapshots).toEqual([]);

    const admin = callAs(web, await createUser(web, 'admin'), 'admin');
    expect((await admin.feedback.trace({ id: seen })).id).toBe(seen);
    await expect(ada.feedback.trace({ id: seen })).rejects.toMatchObject({ code: 'NOT_FOUND' });
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
    expect(back.votes.rating).toBeGreaterThanOrEqual(2);
    expect(back.people).toBeGreaterThanOrEqual(1);
    await api.feedback.withdraw({ kind: 'rating', generationId: things.other });
    await expect(api.feedback.contributions({ versionId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await admin.feedback.contributions({ versionId })).votes.rating).toBe(back.votes.rating! - 1);
  });

  it('is counted for everyone in steps of five people, without signals', async () => {
    for (let i = 0; i < 5; i++) {
      const { id, api } = await newPerson();
      const { one: generationId } = await asked({ of: id });
      await api.feedback.give({ kind: 'thumb', generationId, value: { up: true } });
      await api.feedback.give({ kind: 'implicit', generationId, value: { copied: true } });
    }
    const { versionId } = await learn([]);
    const admin = callAs(web, await createUser(web, 'admin'), 'admin');
    const { people, votes } = await admin.feedback.contributions({ versionId });
    const said = Object.entries(votes).reduce((sum, [kind, n]) => (kind === 'implicit' ? sum : sum + n), 0);
    const change = (await listChanges(web.product, Date.now())).find(({ id }) => id === versionId);
    expect(change).toMatchObject({
      crowd: { atLeastPeople: people - (people % 5), atLeastVotes: said - (said % 5) },
      isServed: false,
    });
  });

  it('is listed with the version, and whether that version became the champion', async () => {
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    await api.feedback.give({ kind: 'rating', generationId, value: { rating: 2 } });
    const { versionId } = await learn([]);
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
    const { id, api } = await newPerson();
    const { one: generationId } = await asked({ of: id });
    await api.feedback.give({ kind: 'correction', generationId, value: { text: 'Private words.' } });
    const waiting = () => web.product.db.$count(withdrawal);
    const before = await waiting();
    await api.feedback.withdraw({ kind: 'correction', generationId });
    expect(await waiting()).toBe(before + 1);
  });
});
