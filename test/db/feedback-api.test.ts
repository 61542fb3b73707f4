// Feedback over the API: every kind in snake_case, pages, the forms of older clients, and refusals in the sender's words.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FEEDBACK_KINDS, type FeedbackKind } from '@/core/feedback/kinds';
import { FeedbackList, FeedbackResponse, QuestionnaireList } from '@/server/api/openapi/feedback-responses';
import type { WebProcess } from '@/server/product';
import { type ApiClient, createClient, errorOf, routeTo } from './api-client';
import { askTwice, newPerson, openQuestionnaire, QUALITY, rowsOf } from './judged';
import { createUser, createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let client: ApiClient;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  routeTo(web);
  client = await createClient(web);
});
afterAll(() => world?.close());

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
  const { one, other, messageId } = await askTwice(web, { of: client.userId });
  const { id: questionnaire_id } = await openQuestionnaire(web, false);
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
  const { id, api } = await newPerson(web);
  const own = await api.apiKey.create({ name: 'pages', allowTraining: true });
  for (let i = 0; i < 12; i++) {
    const { one, other } = await askTwice(web, { of: id });
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
  const { one, other } = await askTwice(web, { of: client.userId });
  const thumb = { kind: 'thumb', generation_id: one };
  await post({ ...thumb, value: 1, reasons: ['clear'], comment: 'fine' });
  await post({ ...thumb, value: 1 });
  expect((await rowsOf(web, client.userId, 'thumb')).at(-1)).toMatchObject({
    ...{ value: { up: true, reasons: ['clear'] }, comment: 'fine', source: 'api' },
  });
  await post({ ...thumb, value: null });
  expect(await rowsOf(web, client.userId, 'thumb')).toEqual([]);
  const { comparison_id } = await post({
    kind: 'comparison',
    preferred_generation_id: other,
    other_generation_id: one,
  });
  expect(await rowsOf(web, client.userId, 'comparison')).toMatchObject([
    { comparisonId: comparison_id, value: { choice: 'right' } },
  ]);
});

it('what is wrong is named as it was sent', async () => {
  const { one, messageId } = await askTwice(web, { of: client.userId });
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
  const stranger = await askTwice(web, { of: await createUser(web) });
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
