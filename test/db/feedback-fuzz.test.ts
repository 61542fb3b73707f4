// Whatever feedback is sent, it is taken or refused, and what is taken stands whole with its history.

import { mkdir, writeFile } from 'node:fs/promises';
import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Feedback } from '@/core/feedback/feedback';
import { CHOICES, FEEDBACK_KINDS, FEEDBACK_SUBJECTS, FEEDBACK_VALUES, type FeedbackKind } from '@/core/feedback/kinds';
import { sha256 } from '@/core/hash';
import { snapshotFile } from '@/core/snapshot/snapshot';
import { feedback, feedbackHistory, snapshot } from '@/db/schema';
import { FeedbackRequest } from '@/server/api/feedback-request';
import { type ApiClient, createClient, raiseLimits, routeTo } from './api-client';
import { odd, oddKey, oddText } from './hostile';
import { type Api, callAs, createUser, createWorld, readStream, send, type World } from './world';

/** The same bodies every time. */
const SEED = 20_260_101;
const BODIES = 2000;

let world: World;
let client: ApiClient;
let person: Api;
let personId: string;
/** Ids of a person's answers, a message, and another person's answer; each field of an id may get any of them. */
let known: string[];
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  routeTo(world.web);
  await raiseLimits(world.web);
  client = await createClient(world.web);
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
afterAll(() => world?.close());

const id = fc.nat({ max: 11 }).map((n) => known[n] ?? (n === 9 ? known[0]!.toUpperCase() : crypto.randomUUID()));
const rarely = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
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
