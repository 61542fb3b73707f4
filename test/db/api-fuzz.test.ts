// Whatever is sent to the API, it answers with a body that clients can read, and never with a server error.

import { mkdir, writeFile } from 'node:fs/promises';
import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Feedback } from '@/core/feedback/feedback';
import { CHOICES, FEEDBACK_KINDS, FEEDBACK_SUBJECTS, FEEDBACK_VALUES, type FeedbackKind } from '@/core/feedback/kinds';
import { sha256 } from '@/core/hash';
import { snapshotFile } from '@/core/snapshot/snapshot';
import { feedback, feedbackHistory, snapshot } from '@/db/schema';
import { FeedbackRequest } from '@/server/api/feedback-request';
import { ErrorBody } from '@/server/api/openapi/responses';
import { type ApiClient, createClient, routeTo } from './api-client';
import { odd, oddKey, oddNumber, oddText } from './hostile';
import { type Api, callAs, createUser, createWorld, readStream, send, type World } from './world';

/** The same requests every time; a failure prints what would repeat it. */
const SEED = 20_260_101;
const RUNS = 400;

let world: World;
let client: ApiClient;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  routeTo(world.web);
  const limit = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000, concurrent: 4 };
  const admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  await admin.admin.setSettings({ limits: { user: limit, apiKey: limit } });
  client = await createClient(world.web);
});
afterAll(() => world?.close());

const FIELDS = [
  ...['model', 'stream', 'stream_options', 'n', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k'],
  ...['min_p', 'repetition_penalty', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'seed', 'stop', 'metadata'],
  ...[
    'user',
    'logprobs',
    'top_logprobs',
    'tools',
    'response_format',
    'echo',
    'best_of',
    'suffix',
    'audio',
    'service_tier',
  ],
];
const VALID = {
  '/v1/chat/completions': { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 },
  '/v1/completions': { prompt: 'Hi', max_tokens: 2 },
  '/v1/feedback': { kind: 'thumb', generation_id: '00000000-0000-4000-8000-000000000000', value: 1 },
};
const part = fc.oneof(odd, fc.record({ type: fc.constantFrom('text', 'refusal', 'image_url'), text: oddText }));
const message = fc.record(
  {
    role: fc.oneof(fc.constantFrom('system', 'user', 'assistant', 'developer', 'tool'), odd),
    content: fc.oneof(oddText, fc.array(part, { maxLength: 3 }), odd),
    refusal: odd,
    name: odd,
    tool_calls: odd,
  },
  { requiredKeys: ['role', 'content'] },
);
/** A valid body with some of its fields replaced. */
const body = (path: keyof typeof VALID) =>
  fc
    .record({
      more: fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), oddKey), odd, { maxKeys: 3 }),
      messages: fc.option(fc.array(message, { maxLength: 3 }), { nil: undefined }),
      prompt: fc.option(fc.oneof(odd, fc.array(fc.oneof(oddText, oddNumber), { maxLength: 3 })), { nil: undefined }),
      feedback: fc.record({ value: odd, reasons: odd, comment: odd, generation_id: odd }, { requiredKeys: [] }),
    })
    .map(({ more, messages, prompt, feedback }) => ({
      ...VALID[path],
      ...(path === '/v1/chat/completions' && messages ? { messages } : {}),
      ...(path === '/v1/completions' && prompt !== undefined ? { prompt } : {}),
      ...(path === '/v1/feedback' ? feedback : {}),
      ...more,
    }));

const json = fc
  .constantFrom(...(Object.keys(VALID) as (keyof typeof VALID)[]))
  .chain((path) =>
    body(path).map((value) => ({ method: 'POST', path, body: JSON.stringify(value) as string | Uint8Array })),
  );
const raw = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
  path: fc.oneof(
    fc.constantFrom(
      '/v1',
      '/v1/',
      '/v1/models',
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/feedback',
      '/v1/feedback?cursor=x&kind=rating',
      '/v1/feedback/00000000-0000-4000-8000-000000000000/trace',
      '/v1/feedback/%00/trace',
      '/v1/questionnaires',
      '/v1/openapi.json',
    ),
    fc.webPath().map((path) => `/v1/models${path}`),
    fc.constantFrom(
      '/v1/models/%ff',
      '/v1/models/%00',
      '/v1/models/%',
      '/v1/__proto__',
      '/v1/models/constructor',
      '/v1//models',
    ),
  ),
  body: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.json({ maxDepth: 2 }), fc.constant('['.repeat(100_000))),
});
const headers = fc.dictionary(
  fc.constantFrom('idempotency-key', 'authorization', 'origin', 'access-control-request-headers', 'content-type'),
  fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '').trim()),
  { maxKeys: 2 },
);

it(`answers ${RUNS} odd requests with bodies that clients can read`, async () => {
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 3, arbitrary: json }, { weight: 1, arbitrary: raw }),
      headers,
      async (request, extra) => {
        const hasBody = !['GET', 'HEAD'].includes(request.method);
        const response = await client.send(request.path, {
          method: request.method,
          body: hasBody ? request.body : undefined,
          // Only a few keep the API key that was generated for them, so that most get past authentication.
          headers: extra.authorization === '' ? extra : { ...extra, authorization: `Bearer ${client.secret}` },
        });
        const text = await response.text();
        seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
        expect(response.status, text).toBeLessThan(500);
        expect(response.headers.get('access-control-allow-origin')).toBe('*');
        if (response.status === 204 || request.method === 'HEAD') return;
        if (response.status >= 400) expect(ErrorBody.parse(JSON.parse(text)).error.message).not.toBe('');
        // An answer that fails after its status was sent reports the failure in an event.
        if (response.status === 200) expect(text).not.toMatch(/"(internal_error|service_unavailable)"/);
      },
    ),
    { seed: SEED, numRuns: RUNS },
  );
  // The requests reached every outcome: answers, refusals, unknown paths and unknown methods.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 405]));
});

describe('feedback', () => {
  const BODIES = 2000;
  let person: Api;
  let personId: string;
  /** Ids of a person's answers, a message, and another person's answer; each field of an id may get any of them. */
  let known: string[];
  beforeAll(async () => {
    personId = await createUser(world.web);
    person = callAs(world.web, personId);
    const stranger = callAs(world.web, await createUser(world.web));
    known = [];
    for (const api of [person, stranger]) {
      const sent = await send(api, 'Hi', { sampling: { maxTokens: 4 } });
      const [first] = sent.answers;
      await readStream(api, first!);
      const again = await api.chat.regenerate({ messageId: first!.messageId, clientMessageId: crypto.randomUUID() });
      await readStream(api, again.answers[0]!);
      known.push(first!.generationId, again.answers[0]!.generationId, sent.userMessageId, sent.conversationId);
    }
    const [one, other] = known;
    const pair = { kind: 'comparison', leftGenerationId: one!, rightGenerationId: other! } as const;
    known.push((await person.feedback.give({ ...pair, value: { choice: 'tie' } })).comparisonId!);
  });

  const id = fc.nat({ max: 11 }).map((n) => known[n] ?? (n === 9 ? known[0]!.toUpperCase() : crypto.randomUUID()));
  const rarely = <T>(usual: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
  const text = rarely(fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), oddText));
  const span = rarely(fc.record({ start: fc.nat({ max: 9 }), end: fc.nat({ max: 9 }) }));
  const flaw = fc.record({ flaw: fc.constantFrom('incorrect', 'x'), span, reason: text }, { requiredKeys: ['flaw'] });
  const VALUES: Record<FeedbackKind, fc.Arbitrary<unknown>> = {
    thumb: fc.record({ up: fc.boolean(), reasons: rarely(fc.array(text, { maxLength: 3 })) }),
    comparison: fc.record(
      { choice: rarely(fc.constantFrom(...CHOICES)), strength: fc.constantFrom('much', 'slightly', undefined) },
      { requiredKeys: ['choice'] },
    ),
    best_of: fc.record({ generationIds: fc.array(id, { maxLength: 4 }), best: id }),
    ranking: fc.record({ order: fc.array(fc.array(id, { maxLength: 2 }), { maxLength: 4 }) }),
    rating: fc.record({ rating: rarely(fc.integer({ min: 0, max: 11 })) }),
    questionnaire: fc.record({ questionnaireId: id, answers: fc.dictionary(fc.oneof(oddKey, fc.string()), odd) }),
    flaws: fc.record({ flaws: fc.array(rarely(flaw), { maxLength: 3 }) }),
    correction: fc.record({ text }),
    demonstration: fc.record({ text }),
    implicit: fc.record({ copied: rarely(fc.constant(true)), dwellMs: rarely(fc.nat()) }, { requiredKeys: [] }),
  };
  const SUBJECT = { generation: 'generationId', comparison: 'comparisonId', message: 'messageId' } as const;
  const stray = fc.record(
    { leftGenerationId: id, rightGenerationId: id, generationId: id, messageId: id, more: odd },
    { requiredKeys: [] },
  );
  /** A subject that is mostly whole; one in ten has other fields, too. */
  const whole = fc
    .tuple(fc.constantFrom(...FEEDBACK_KINDS), rarely(id), stray, fc.nat({ max: 9 }))
    .map(([kind, about, others, n]) => ({
      ...(n === 0 ? others : {}),
      ...{ kind: n === 1 ? 'love' : kind, [SUBJECT[FEEDBACK_SUBJECTS[kind]]]: about },
    }));
  const given = whole.chain((about) =>
    fc
      .record({ value: rarely(VALUES[about.kind as FeedbackKind] ?? odd), comment: rarely(text) }, { requiredKeys: [] })
      .map((said) => ({ ...about, ...said })),
  );

  /** How often each outcome was seen. Ten at once, as many as the pool has connections, so that some meet at one row. */
  async function outcomes(input: fc.Arbitrary<unknown>, call: (input: never) => Promise<unknown>) {
    const seen: Record<string, number> = {};
    const samples = fc.sample(input, { seed: SEED, numRuns: BODIES });
    const one = async (sample: unknown) => {
      const outcome = await call(sample as never).then(
        () => 'OK',
        (error: { code?: string }) => error.code ?? 'no code',
      );
      expect(outcome, JSON.stringify(sample)).not.toMatch(/INTERNAL_SERVER_ERROR|no code/);
      seen[outcome] = (seen[outcome] ?? 0) + 1;
    };
    for (let at = 0; at < samples.length; at += 10) await Promise.all(samples.slice(at, at + 10).map(one));
    return seen;
  }

  it(`takes or refuses each of ${BODIES} bodies a procedure, and what it takes stands whole with its history`, async () => {
    const { feedback: procedures } = person;
    expect(Object.keys(await outcomes(given, procedures.give)).sort()).toEqual(
      expect.arrayContaining(['BAD_REQUEST', 'NOT_FOUND', 'OK']),
    );
    expect(await outcomes(whole, procedures.history)).toMatchObject({ OK: expect.any(Number) });
    const mostlyOdd = <T>(usual: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 1, arbitrary: usual }, { weight: 9, arbitrary: odd });
    const page = fc.record({ kind: rarely(fc.constantFrom(...FEEDBACK_KINDS)), cursor: mostlyOdd(fc.constant(null)) });
    expect(await outcomes(page, procedures.mine)).toMatchObject({ OK: expect.any(Number) });
    await outcomes(fc.record({ id: mostlyOdd(id) }), procedures.trace);
    const admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
    const versionId = fc.record({ versionId: mostlyOdd(fc.constant('base')) });
    expect(await outcomes(versionId, admin.feedback.contributions)).toMatchObject({ OK: expect.any(Number) });
    await checkRows();
    expect(await outcomes(whole, procedures.withdraw)).toMatchObject({ OK: expect.any(Number) });
    await checkRows();
  }, 300_000);

  it(`takes or refuses each of ${BODIES} bodies that an admin sends about feedback and snapshots`, async () => {
    const { db } = world.web.product;
    const { admin } = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
    const { id: vote } = await person.feedback.give({ kind: 'rating', generationId: known[0]!, value: { rating: 5 } });
    const voteId = fc.record({ id: rarely(fc.constantFrom(vote, ...known)), reason: text });
    const filter = fc.record(
      {
        ...{ text, rater: text, reason: text, versionId: text, isExcluded: rarely(fc.boolean()) },
        kind: rarely(fc.constantFrom(...FEEDBACK_KINDS)),
        mark: rarely(fc.constantFrom('up', 'down', 'comment', 'reason')),
        source: rarely(fc.constantFrom('chat', 'api')),
        consent: rarely(fc.constantFrom('from_start', 'later', 'withheld')),
        snapshotId: id,
        cursor: rarely(fc.constant(null)),
        more: odd,
      },
      { requiredKeys: [] },
    );
    const either = { OK: expect.any(Number), BAD_REQUEST: expect.any(Number) };
    expect(await outcomes(filter, admin.feedback)).toMatchObject(either);
    expect(await outcomes(voteId, admin.excludeFeedback)).toMatchObject({ OK: 1, CONFLICT: expect.any(Number) });
    expect(await outcomes(voteId, admin.restoreFeedback)).toMatchObject({ OK: 1, NOT_FOUND: expect.any(Number) });
    const [snapshotId, frozenUpTo] = [crypto.randomUUID(), new Date()];
    await mkdir(world.web.product.snapshots, { recursive: true });
    await writeFile(snapshotFile(world.web.product.snapshots, snapshotId), '');
    await db.insert(snapshot).values({ id: snapshotId, sha256: sha256(''), counts: {}, frozenUpTo });
    const frozen = rarely(fc.constantFrom(snapshotId, ...known));
    expect(await outcomes(fc.record({ id: frozen }), admin.snapshot)).toMatchObject(either);
    const page = fc.record(
      { id: frozen, kind: rarely(fc.constant('rating')), split: text, cursor: rarely(fc.nat()), more: odd },
      { requiredKeys: ['id'] },
    );
    expect(await outcomes(page, admin.snapshotRows)).toMatchObject(either);
  }, 300_000);

  it(`reads ${BODIES} requests in snake_case as a value that fits, or refuses them with a field`, async () => {
    let accepted = 0;
    for (const sample of fc.sample(given, { seed: SEED + 1, numRuns: BODIES })) {
      const sent = JSON.parse(JSON.stringify(sample), (_key, value) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [snake(key), inner]))
          : value,
      );
      const parsed = FeedbackRequest.safeParse(sent);
      if (!parsed.success) continue;
      accepted++;
      const { act, ...asked } = parsed.data;
      if (act === 'give') expect(Feedback.parse('feedback' in asked && asked.feedback)).toBeDefined();
      if (accepted % 10 === 0) expect((await client.post('/v1/feedback', sent)).status).toBeLessThan(500);
    }
    expect(accepted).toBeGreaterThan(BODIES / 10);
  });

  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

  /** Every live row parses and is the last entry of its history; where the last entry is a withdrawal, no row is live. */
  async function checkRows() {
    const { db } = world.web.product;
    const live = await db.select().from(feedback).where(eq(feedback.userId, personId));
    const entries = await db
      .select()
      .from(feedbackHistory)
      .where(eq(feedbackHistory.userId, personId))
      .orderBy(feedbackHistory.id);
    const keyOf = (row: {
      kind: string;
      generationId: string | null;
      comparisonId: string | null;
      messageId: string | null;
    }) => `${row.kind} ${row.generationId ?? row.comparisonId ?? row.messageId}`;
    const last = new Map(entries.map((entry) => [keyOf(entry), entry]));
    for (const row of live) {
      expect(FEEDBACK_VALUES[row.kind].parse(row.value)).toEqual(row.value);
      expect(last.get(keyOf(row))).toMatchObject({ value: row.value, comment: row.comment });
    }
    const standing = [...last].filter(([, entry]) => entry.value !== null).map(([key]) => key);
    expect(live.map(keyOf).sort()).toEqual(standing.sort());
  }
});
