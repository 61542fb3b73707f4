// Whatever a procedure of the product is sent, it never fails with an error of the server, and leaves nothing half-written.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Rule } from '@/core/constraints/rules';
import type { TaskAnswer } from '@/core/feedback/task-answers';
import type { WebProcess } from '@/server/product';
import { appRouter, createCaller } from '@/server/routers';
import { createClient, routeTo } from './api-client';
import { almostFitting, type KnownIds, odd, oddText } from './hostile';
import { callAs, createUser, createWorld, readStream, send, type World } from './world';

/** The same bodies every time. 2,000 a procedure have been run by hand; these are the first of them. */
const BODIES = 40;
/** Of procedures whose inputs have more forms than the others': a rule is one of a dozen kinds. */
const BODIES_OF_RULES = 500;
const SEED = 20_261_129;

let world: World;
let web: WebProcess;
let admins: string[];
let rater: string;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  admins = [await createUser(web, 'admin'), await createUser(web, 'admin')];
  rater = await createUser(web, 'rater');
});
afterAll(() => world?.close());

const admin = () => callAs(web, admins[0]!, 'admin');
const raterApi = () => callAs(web, rater, 'rater');

interface Procedure {
  _def: { type: 'query' | 'mutation' | 'subscription'; inputs: z.ZodType[] };
}
/** All but the streams, which wait. */
const PROCEDURES = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>).flatMap(
  ([path, { _def }]) =>
    _def.type === 'subscription' ? [] : [{ path, type: _def.type, input: _def.inputs[0] ?? null }],
);

const ANSWERS: TaskAnswer[] = [
  { kind: 'compare', value: { choice: 'left' } },
  { kind: 'rate', value: { rating: 4 } },
  { kind: 'write', value: { text: 'Mine' } },
];

/** A chat with two answers and feedback, and tasks of every kind, some held by the rater and some answered. */
async function prepare(): Promise<KnownIds> {
  const { db } = web.product;
  await db.execute(sql`update "user" set role = 'admin' where id in (${admins[0]!}, ${admins[1]!})`);
  await db.execute(sql`update "user" set role = 'rater' where id = ${rater}`);
  await db.execute(sql`delete from setting`);
  await db.execute(sql`delete from rule_version where rule_id <> 'profanity' or version > 1`);
  const limit = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000, concurrent: 1000 };
  await admin().admin.setSettings({ comparisonShare: 0, limits: { user: limit, apiKey: limit } });
  await db.execute(sql`delete from rater_standing`);
  await db.execute(sql`delete from feedback where source = 'workplace'`);
  await db.execute(sql`delete from rating_task`);
  const api = admin();
  const sent = await send(api, 'Hi', { sampling: { maxTokens: 2 } });
  const [first] = sent.answers;
  await readStream(api, first!);
  const again = await api.chat.regenerate({ messageId: first!.messageId, clientMessageId: randomUUID() });
  await readStream(api, again.answers[0]!);
  const generationId = first!.generationId;
  const rule = Rule.parse({ id: 'own', kind: 'phrases', phrases: ['bluebird'], input: 'flag', output: 'off' });
  await api.rule.save({ rule, expectedVersion: null });
  const found = await send(api, 'A bluebird', { sampling: { maxTokens: 2 } });
  await readStream(api, found.answers[0]!);
  await api.feedback.give({ kind: 'rating', generationId, value: { rating: 4 } });
  const pair = { leftGenerationId: generationId, rightGenerationId: again.answers[0]!.generationId };
  await api.feedback.give({ kind: 'comparison', ...pair, value: { choice: 'left' } });
  const questions = [{ id: 'rude', kind: 'flaw' as const, weight: 0.5, text: { en: 'Rude', ja: '失礼' } }];
  const { id: questionnaireId } = await api.ratingAdmin.writeQuestionnaire({ name: 'q', isForChat: false, questions });
  const lines = [
    { prompt: 'One', answers: ['A', 'B', 'C'] },
    { prompt: 'Two', answers: ['A'], truth: { rating: 3 } },
  ];
  const content = lines.map((line) => JSON.stringify(line)).join('\n');
  const { id: promptSetId } = await api.ratingAdmin.uploadPrompts({ name: 'set', format: 'jsonl', content });
  for (const kind of ['compare', 'rate', 'rank', 'questionnaire', 'write', 'correct'] as const)
    await api.ratingAdmin.createTasks({ kind, promptSetId, count: 2, questionnaireId });
  for (let at = 0; at < 6; at++) {
    const task = await raterApi().rating.claim();
    const answer = ANSWERS.find(({ kind }) => kind === task?.answerKind);
    if (task && answer) await raterApi().rating.answer({ assignmentId: task.assignmentId, answer });
    else if (task) await raterApi().rating.skip({ assignmentId: task.assignmentId, reason: 'other' });
  }
  await raterApi().rating.claim();
  return knownIds();
}

async function knownIds(): Promise<KnownIds> {
  const of = async (table: string, field = 'id') => {
    const { rows } = await web.product.db.execute<{ id: string }>(
      sql.raw(
        `select ${field}::text as id from ${table} order by ${table === 'version' ? 'id' : 'created_at desc'} limit 8`,
      ),
    );
    return rows.map(({ id }) => id);
  };
  const generations = await of('generation');
  return {
    assignmentId: await of('rating_assignment'),
    taskId: await of('rating_task'),
    promptSetId: await of('prompt_set'),
    questionnaireId: await of('questionnaire'),
    generationId: generations,
    leftGenerationId: generations,
    rightGenerationId: generations,
    comparisonId: await of('comparison'),
    conversationId: await of('conversation'),
    messageId: await of('message'),
    hitId: await of('constraint_hit'),
    feedbackId: await of('feedback'),
    versionId: await of('version'),
    userId: [...admins, rater, await createUser(web)],
  };
}

const bodiesOf = (path: string) => (path.startsWith('rule.') ? BODIES_OF_RULES : BODIES);
const idsOfRule = (path: string, { hitId }: KnownIds): string[] =>
  /mark/i.test(path) ? hitId! : ['own', 'profanity', 'new-1', 'new-2'];

/** What the schema only calls a text: a file, whose lines are almost right. */
const files = fc
  .array(
    fc.oneof(
      fc
        .record(
          {
            prompt: fc.oneof(fc.constant('Why?'), oddText),
            messages: fc.oneof(fc.constant([{ role: 'user', content: 'Why?' }]), odd),
            answers: fc.oneof(fc.constant(['a', 'b']), odd),
            truth: fc.oneof(fc.constantFrom({ choice: 'left' }, { order: [[0], [1]] }, { rating: 4 }), odd),
          },
          { requiredKeys: ['prompt'] },
        )
        .map((line) => JSON.stringify(line)),
      oddText,
    ),
    { maxLength: 3 },
  )
  .map((lines) => lines.join('\n'));
const withFile = (input: unknown, content: string) =>
  typeof input === 'object' && input !== null && 'content' in input ? { ...input, content } : input;

describe('a procedure', () => {
  /** null once a mutation may have changed what was prepared. */
  let prepared: KnownIds | null = null;
  it.each(PROCEDURES)(
    '$path takes or refuses hostile bodies',
    async ({ path, type, input }) => {
      prepared ??= await prepare();
      const known = path.startsWith('rule.') ? { ...prepared, id: idsOfRule(path, prepared) } : prepared;
      if (type === 'mutation') prepared = null;
      const body = input
        ? fc.tuple(
            fc.oneof({ weight: 15, arbitrary: almostFitting(input, known) }, { weight: 1, arbitrary: odd }),
            files,
          )
        : fc.tuple(odd, files);
      // A procedure without an input reads none.
      const samples = fc.sample(body, { seed: SEED, numRuns: input ? bodiesOf(path) : 5 });
      const actors = path.startsWith('rating.')
        ? [
            { id: rater, role: 'rater' },
            { id: admins[0]!, role: 'admin' },
          ]
        : admins.map((id) => ({ id, role: 'admin' }));
      const call = async ([drawn, file]: [unknown, string], at: number) => {
        const { id, role } = actors[at % actors.length]!;
        const caller = createCaller({ product: web.product, user: { id, name: id, role, isAnonymous: false } });
        const sent = path === 'ratingAdmin.uploadPrompts' ? withFile(drawn, file) : drawn;
        const outcome = await procedureOf(
          caller,
          path,
        )(sent).then(
          () => 'OK',
          (error: { code?: string }) => error.code ?? 'no code',
        );
        expect(outcome, JSON.stringify(sent)).not.toMatch(/INTERNAL_SERVER_ERROR|no code/);
      };
      // As many at once as the pool has connections, so that some meet at one row.
      for (let at = 0; at < samples.length; at += 10)
        await Promise.all(samples.slice(at, at + 10).map((sample, i) => call(sample, at + i)));
      await expectWholeRows();
    },
    300_000,
  );

  const procedureOf = (caller: object, path: string) =>
    path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], caller) as (
      input: unknown,
    ) => Promise<unknown>;

  /** Each finds rows that no complete write leaves. */
  const TORN = {
    'feedback that differs from the end of its history': sql`
      select f.id from feedback f where f.value is distinct from (select h.value from feedback_history h
        where h.user_id = f.user_id and h.kind = f.kind and h.generation_id is not distinct from f.generation_id
          and h.comparison_id is not distinct from f.comparison_id and h.message_id is not distinct from f.message_id
        order by h.id desc limit 1)`,
    'feedback of the workplace without its answered task': sql`
      select f.id from feedback f left join rating_assignment a on a.id = f.assignment_id
      where f.source = 'workplace' and (a.status is distinct from 'done' or a.user_id <> f.user_id)`,
    'an answered task that still asks': sql`
      select t.id from rating_task t where t.truth is null and t.closed_at is null and t.needed <= (select count(*)
        from rating_assignment a where a.task_id = t.id and a.status = 'done' and not a.is_repeat)`,
    'a task about answers that do not exist': sql`
      select t.id from rating_task t, unnest(t.generation_ids) g(id) where g.id not in (select id from generation)`,
    'a conversation without a message': sql`
      select c.id from conversation c where not exists (select from message m where m.conversation_id = c.id)`,
    'two versions of a questionnaire in use': sql`
      select name from questionnaire where retired_at is null group by name having count(*) > 1`,
    'two lists of flaws in the chat': sql`
      select 1 from questionnaire where retired_at is null and is_for_chat having count(*) > 1`,
  };
  async function expectWholeRows() {
    for (const [what, query] of Object.entries(TORN))
      expect([what, (await web.product.db.execute(query)).rows]).toEqual([what, []]);
  }
});

it('routes of feedback answer hostile queries with less than 500', async () => {
  routeTo(web);
  const client = await createClient(web);
  const word = fc.oneof(oddText, fc.uuid(), fc.constantFrom('rating', '10', '-1', 'null'));
  const query = fc.dictionary(fc.oneof(fc.constantFrom('cursor', 'kind', 'limit'), oddText), word, { maxKeys: 3 });
  const path = fc.oneof(
    query.map((fields) => `/v1/feedback?${new URLSearchParams(fields)}`),
    query.map((fields) => `/v1/questionnaires?${new URLSearchParams(fields)}`),
    word.map((id) => `/v1/feedback/${encodeURIComponent(id.replace(/\p{Surrogate}/gu, '?'))}/trace`),
  );
  const seen = new Set<number>();
  for (const sample of fc.sample(path, { seed: SEED, numRuns: BODIES })) {
    const { status } = await client.send(sample);
    expect(status, sample).toBeLessThan(500);
    seen.add(status);
  }
  expect([...seen]).toEqual(expect.arrayContaining([200, 400]));
});
