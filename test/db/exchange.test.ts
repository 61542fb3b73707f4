// Data sets go into the database and out of it: a round trip is equal, and an export has only what people consented to.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeFormat, writeRecord } from '@/core/exchange/formats';
import type { ConversationRecord, OwnRecord } from '@/core/exchange/record';
import { FEEDBACK_KINDS, FEEDBACK_SUBJECTS, type FeedbackKind } from '@/core/feedback/kinds';
import { sha256, uuidOf } from '@/core/hash';
import { Sampling } from '@/core/sampling';
import type { Database } from '@/db/client';
import { conversation, feedback, user } from '@/db/schema';
import { createExchangeWorld, type ExchangeWorld, pair } from './exchange-world';

let world: ExchangeWorld;
let db: Database;
beforeAll(async () => {
  world = await createExchangeWorld();
  db = world.db;
});
afterAll(() => world?.close());
beforeEach(() => world.clear());

const conversationsOf = (records: OwnRecord[]) => records.filter((record) => 'messages' in record);
const linesIn = async (format: ExchangeFormat) =>
  conversationsOf(await world.exportAll()).flatMap((record) =>
    writeRecord(format, record).map(({ part, line }) => part + line),
  );

const SAID: { [Kind in FeedbackKind]: (generations: string[], n: number) => unknown } = {
  thumb: (_, n) => ({ up: n % 2 === 0, reasons: n % 3 === 0 ? ['false'] : [] }),
  comparison: (_, n) =>
    [{ choice: 'left', strength: 'much' }, { choice: 'right' }, { choice: 'tie' }, { choice: 'both_bad' }][n % 4],
  best_of: (generations, n) => ({ generationIds: generations, best: generations[n % generations.length] }),
  ranking: (generations, n) => ({ order: n % 2 ? [generations] : generations.map((id) => [id]) }),
  rating: (_, n) => ({ rating: 1 + (n % 10) }),
  questionnaire: (_, n) => ({ questionnaireId: uuidOf(SPACE, 'q'), answers: { a: true, b: n % 5, c: 'x' } }),
  flaws: (_, n) => ({ flaws: n % 2 ? [{ flaw: 'rude', reason: 'so', span: { start: 0, end: 1 } }] : [] }),
  correction: (_, n) => ({ text: `corrected ${n}` }),
  demonstration: (_, n) => ({ text: `shown ${n}` }),
  implicit: (_, n) => ({ copied: true, dwellMs: n }),
};
const SPACE = '11111111-1111-5111-8111-111111111111';

interface Shape {
  seed: string;
  /** For each message the one before that it belongs to, and its text. */
  messages: { parent: number; text: string; isPlain: boolean }[];
  given: {
    kind: FeedbackKind;
    by: number;
    n: number;
    isChanged: boolean;
    isExcluded: boolean;
    comment: string | null;
  }[];
}

/** Text that no format's own marks and trimming change. */
const text = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .map((drawn) => `t${drawn.replaceAll('\0', '')}.`);
const shapes: fc.Arbitrary<Shape> = fc.record({
  seed: fc.uuid(),
  messages: fc.array(fc.record({ parent: fc.nat(), text, isPlain: fc.boolean() }), { minLength: 3, maxLength: 9 }),
  given: fc.array(
    fc.record({
      kind: fc.constantFrom(...FEEDBACK_KINDS),
      by: fc.nat(3),
      n: fc.nat(100),
      isChanged: fc.boolean(),
      isExcluded: fc.boolean(),
      comment: fc.option(text),
    }),
    { maxLength: 12 },
  ),
});

/** A conversation of that shape with every attribute. */
function recordOf({ seed, messages, given }: Shape): ConversationRecord {
  const idOf = (name: string) => uuidOf(SPACE, `${seed} ${name}`);
  const at = (seconds: number) => new Date(Date.UTC(2024, 0, 1, 0, 0, seconds, 123)).toISOString();
  const record: ConversationRecord = {
    ...{
      attune: 1,
      id: idOf('conversation'),
      title: `About ${seed}`,
      askedBy: sha256(seed).slice(0, 16),
      source: 'chat',
    },
    ...{ createdAt: at(0), updatedAt: at(99), attributes: { system: 'Be kind.', topic: ['a', 1, null] } },
    ...{ messages: [], comparisons: [], feedback: [] },
  };
  messages.forEach(({ parent, text, isPlain }, i) => {
    const before = i === 0 ? null : record.messages[parent % i]!;
    const role = before?.role === 'user' ? 'assistant' : 'user';
    const generation = {
      ...{ id: idOf(`generation ${i}`), status: 'done' as const, versionId: 'v1', experimentId: idOf('experiment') },
      ...{ arm: 'candidate' as const, propensity: 0.25, sampling: Sampling.parse({ seed: i, topK: 5 }), seed: i },
      ...{ base: world.base.sha256, promptIds: [256, i], completionIds: [97, 257], logprobs: [-0.5, -0.25] },
      ...{ topTokens: [{ ids: [97], logprobs: [-0.5] }], finishReason: 'stop' as const, constraintHits: [] },
      ...{ constraintRulesVersion: 2, error: null, firstTokenMs: 12.5, durationMs: 250 },
      ...{ createdAt: at(i), finishedAt: at(i + 1) },
    };
    record.messages.push({
      ...{ id: idOf(`message ${i}`), parentId: before?.id ?? null, role, text, createdAt: at(i) },
      constraintHits: [{ ruleId: 'r', start: 0, end: 1 }],
      attributes: i % 2 ? { lang: 'en' } : null,
      generation: role === 'assistant' && !(isPlain && i % 3 === 0) ? generation : null,
    });
  });
  // Parents come first, level by level.
  const depthOf = (id: string | null): number =>
    id === null ? 0 : 1 + depthOf(record.messages.find((m) => m.id === id)!.parentId);
  const order = record.messages.map((message, i) => ({ message, depth: depthOf(message.parentId), i }));
  order.sort((a, b) => a.depth - b.depth || a.i - b.i);
  record.messages = order.map(({ message }) => message);
  const answersTo = (id: string) =>
    record.messages.flatMap(({ parentId, generation }) => (parentId === id && generation ? [generation.id] : []));
  const asked = record.messages.find(({ id }) => answersTo(id).length >= 2);
  if (asked) {
    const [left, right] = answersTo(asked.id) as [string, string];
    record.comparisons.push({ id: idOf('comparison'), left, right, source: 'regenerate', createdAt: at(50) });
  }
  const generations = record.messages.flatMap(({ generation }) => generation?.id ?? []);
  given.forEach(({ kind, by, n, isChanged, isExcluded, comment }, i) => {
    const subject = FEEDBACK_SUBJECTS[kind];
    const isAsked = kind === 'comparison' || kind === 'best_of' || kind === 'ranking';
    if (isAsked && !asked) return;
    const users = record.messages.filter(({ role }) => role === 'user');
    const about =
      subject === 'comparison'
        ? idOf('comparison')
        : subject === 'message'
          ? isAsked
            ? asked!.id
            : users[n % users.length]!.id
          : generations[n % Math.max(1, generations.length)];
    const person = sha256(`person ${by}`).slice(0, 16);
    if (!about || record.feedback.some((row) => row.by === person && row.kind === kind && row.about === about)) return;
    const value = SAID[kind](asked ? answersTo(asked.id) : [], n);
    const former = { value: SAID[kind](asked ? answersTo(asked.id) : [], n + 1), comment: null, at: at(i) };
    record.feedback.push({
      ...{ id: idOf(`feedback ${i}`), by: person, kind, about, value, comment, source: 'workplace' },
      ...{ createdAt: at(i), updatedAt: at(i + 1) },
      excluded: isExcluded ? { at: at(60), by: person, reason: 'spam' } : null,
      work: { task: 'rate', milliseconds: 1500, guidelineVersion: 3 },
      history: [
        ...(isChanged ? [former, { value: null, comment: null, at: at(i) }] : []),
        { value, comment, at: at(i + 1) },
      ],
    } as ConversationRecord['feedback'][number]);
  });
  return record;
}

/** As an export orders them, by id. */
const byId = (a: ConversationRecord, b: ConversationRecord) => (a.id < b.id ? -1 : 1);

describe('a round trip', () => {
  it('of our own format is equal in every attribute', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(shapes, { minLength: 1, maxLength: 4, selector: ({ seed }) => seed }),
        async (drawn) => {
          await world.clear();
          const records = drawn.map(recordOf).sort(byId);
          const asked = {
            attune: 1 as const,
            questionnaire: {
              ...{ id: uuidOf(SPACE, 'q'), name: 'Quality', version: 2 },
              questions: [{ id: 'a', text: { en: 'Rude', ja: '失礼' }, kind: 'flaw' as const, weight: 0.5 }],
            },
          };
          await world.importLines([asked, ...records].map((record) => JSON.stringify(record)));
          expect(await world.exportAll()).toEqual([asked, ...records]);
        },
      ),
      { numRuns: 5, endOnFailure: true },
    );
  });

  it.each(['hh', 'trl', 'argilla', 'oasst'] as const)('of %s is equal in what that format says', async (format) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(shapes, { minLength: 1, maxLength: 3, selector: ({ seed }) => seed }),
        async (drawn) => {
          await world.clear();
          const written = drawn
            .map(recordOf)
            .flatMap((record) => writeRecord(format, record).map(({ part, line }) => part + line));
          const distinct = [...new Set(written)];
          if (distinct.length === 0) return;
          const report = await world.importLines(distinct.map((line) => line.slice(line.indexOf('{'))));
          expect(report.leftOut).toEqual({});
          expect(normal(format, await linesIn(format))).toEqual(normal(format, distinct));
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
  });
});

/** Lines in one order, without what Postgres or the other side decides: the order of keys, and ids of records. */
function normal(format: ExchangeFormat, lines: readonly string[]): string[] {
  const known = lines.map((line) => (format === 'argilla' ? line.replace(/"id":"[^"]*",/u, '') : line));
  return known
    .map((line) => JSON.stringify(sorted(JSON.parse(line.slice(line.indexOf('{'))), format === 'argilla')))
    .sort();
}

/** Argilla's responses to a question are in no order. */
const sorted = (value: unknown, isList: boolean): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) {
    const entries = Object.entries(value).map(
      ([key, inner]) => [key, sorted(inner, isList && key !== 'chat')] as const,
    );
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  const items = value.map((item) => sorted(item, isList));
  return isList ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
};

const shared = (name: string) => path.join(import.meta.dirname, '../../../shared/data', name, 'dev.jsonl.gz');
const rowsIn = async (file: string, most: number) =>
  gunzipSync(await readFile(file))
    .toString('utf8')
    .trim()
    .split('\n')
    .slice(0, most)
    .map((line) => JSON.parse(line));

describe('real files', () => {
  for (const name of ['hh-harmless', 'hh-helpful-oasst']) {
    it.skipIf(!existsSync(shared(name)))(`${name} comes back as it was`, async () => {
      const rows = (await rowsIn(shared(name), 40)) as { chosen: string; rejected: string }[];
      const report = await world.importLines(rows.map(({ chosen, rejected }) => JSON.stringify({ chosen, rejected })));
      const left = Object.values(report.leftOut).reduce((sum, { count }) => sum + count, 0);
      const back = new Set((await linesIn('hh')).map((line) => trimmed(JSON.parse(line))));
      const same = rows.filter((row) => back.has(trimmed(row)));
      expect(same.length + left).toBe(rows.length);
      expect(left).toBeLessThan(rows.length / 10);
    });
  }

  it.skipIf(!existsSync(shared('oasst-en100')))(
    'oasst-en100 comes back with every tree, rank and attribute',
    async () => {
      const trees = await rowsIn(shared('oasst-en100'), 12);
      const report = await world.importLines(trees.map((tree) => JSON.stringify(tree)));
      expect([report.added, report.leftOut]).toEqual([trees.length, {}]);
      const back = (await linesIn('oasst')).map((line) => JSON.parse(line).prompt);
      const idOf = ({ message_id: id }: { message_id: string }) => id;
      expect(back.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))).toEqual(
        trees.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1)),
      );
      // Ranks are there as feedback, too, and not only as attributes.
      const rankings = await db.select().from(feedback);
      expect(rankings.filter(({ kind }) => kind === 'ranking').length).toBeGreaterThan(12);
    },
  );
  if (!existsSync(shared('oasst-en100')))
    console.warn('The real data sets are not here, so their round trips are skipped.');
});

/** HH-RLHF's rows differ in outer and trailing white space of turns, which means nothing. */
const trimmed = ({ chosen, rejected }: { chosen: string; rejected: string }) =>
  JSON.stringify(
    [chosen, rejected].map((dialogue) => dialogue.trim().replace(/\s*\n\n(Human|Assistant):\s*/gu, '\n\n$1: ')),
  );

it('an export has only conversations with consent, and no names', async () => {
  await world.importLines([pair(1), pair(2)], 'mine');
  const [first] = await db.select().from(conversation);
  await db.update(conversation).set({ allowTraining: false });
  expect(await world.exportAll()).toEqual([]);
  await db.update(conversation).set({ allowTraining: true });
  const text = JSON.stringify(await world.exportAll());
  expect(text).toContain(first!.title);
  const people = await db.select().from(user);
  for (const { id, email } of people) expect(text.includes(id) || text.includes(email)).toBe(false);
  for (const name of ['"p1"', '"p2"', '"mine"']) expect(text).not.toContain(name);
});
