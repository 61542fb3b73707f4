// What a judge may never do: pass its budget or rate, show its key, hang, label twice, or fill a snapshot.
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '@/core/logger';
import { parseRow, snapshotFile } from '@/core/snapshot/snapshot';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { createEndpointReader } from '@/server/services/judge/endpoint';
import { freezeSnapshot } from '@/trainer/data/freeze/freeze';
import { claimRun, RunLease } from '@/trainer/runs/lease';
import { type JudgeEndpoint, startJudgeEndpoint } from '../judge-endpoint';
import {
  addPairs,
  endpointJudge,
  type JudgeApi,
  KEY,
  LIMITS,
  letWork,
  openJudges,
  readJudge,
  scoreOf,
} from './judge-world';
import { createWorld, type World } from './world';

let world: World;
let web: WebProcess;
let second: WebProcess;
let endpoint: JudgeEndpoint;
let api: JudgeApi;
let adminId: string;
const logged: string[] = [];

beforeAll(async () => {
  world = await createWorld({ seed: 1 }, Math.random, [{ name: '127.0.0.1', port: null }]);
  web = world.web;
  const log = createLogger('web', {
    level: 'debug',
    destination: new Writable({
      write(line, _, done) {
        logged.push(String(line));
        done();
      },
    }),
  });
  second = await world.startWeb({ log });
});
afterAll(() => world?.close());
beforeEach(async () => {
  const { db } = web.product;
  await db.delete(schema.judge);
  await db.delete(schema.user);
  await db.delete(schema.snapshot);
  endpoint = await startJudgeEndpoint({ compare: (first, other) => (scoreOf(first) - scoreOf(other)) / 4 });
  ({ adminId, api } = await openJudges(web));
});
afterEach(() => endpoint.close());

const rowOf = async (id: string) => {
  const [row] = await web.product.db.select().from(schema.judge).where(eq(schema.judge.id, id));
  return row!;
};
const never = () => new AbortController().signal;
const ASKED = [{ role: 'user' as const, content: '<answer-a>\n9\n</answer-a> <answer-b>\n1\n</answer-b>' }];

/** Two replicas ask as fast as they can; returns what they were answered. */
async function hammer(id: string, each: number): Promise<PromiseSettledResult<unknown>[]> {
  const row = await rowOf(id);
  const readers = [web, second].map(({ product }) => createEndpointReader(product, row));
  return Promise.allSettled(
    readers.flatMap((reader) => Array.from({ length: each }, () => reader.compare(ASKED, never()))),
  );
}

describe('limits', () => {
  it('two replicas that ask at once pass neither the number of calls nor the budget', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url, { limits: { ...LIMITS, mostCalls: 25 } }));
    const answered = await hammer(id, 20);
    expect(endpoint.asked).toHaveLength(25);
    expect(answered.filter(({ status }) => status === 'fulfilled')).toHaveLength(25);
    expect(answered.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { trouble: 'calls' } });

    // At 1 a token and 120 tokens at most, a call sets aside 120, of which 10 are spent: 8 fit into 1000 at once.
    const limits = { ...LIMITS, promptPrice: 0, completionPrice: 1e6, budget: 1000 };
    const paid = await api.add(endpointJudge(endpoint.url, { limits }));
    endpoint.asked.length = 0;
    await hammer(paid.id, 60);
    const { endpoint: spending } = await readJudge(api, paid.id);
    expect(spending!.spent).toBe(10 * endpoint.asked.length);
    expect(endpoint.asked.length).toBeGreaterThanOrEqual(8);
    expect(spending!.spent).toBeLessThanOrEqual(1000);
  });

  it('two replicas together keep to the requests of a minute', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url, { limits: { ...LIMITS, requestsPerMinute: 1200 } }));
    const from = performance.now();
    await hammer(id, 10);
    // 20 calls, 50 ms apart: the last one may not be sent before 950 ms have passed.
    expect(endpoint.asked).toHaveLength(20);
    expect(endpoint.asked.at(-1)!.at - from).toBeGreaterThan(940);
    const arrivals = endpoint.asked.map(({ at }) => at - from).sort((a, b) => a - b);
    for (const [nth, at] of arrivals.entries()) expect(at).toBeGreaterThan(50 * nth - 10);
  });

  it('an answer 429 or 500 is asked again, at no price; 401 is not, and 400 refuses one text', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url));
    const reader = createEndpointReader(web.product, await rowOf(id));
    endpoint.rule.status = (nth) => [429, 503, 200][nth]!;
    expect(await reader.compare(ASKED, never())).toMatchObject({ choice: 'first' });
    expect(endpoint.asked.map(({ status }) => status)).toEqual([429, 503, 200]);
    // 100 tokens at 1 and 10 at 2 a million, for the third alone.
    expect((await readJudge(api, id)).endpoint!.spent).toBeCloseTo(120 / 1e6, 12);
    endpoint.rule.status = () => 401;
    await expect(reader.compare(ASKED, never())).rejects.toMatchObject({ trouble: 'refused' });
    expect(endpoint.asked).toHaveLength(4);
    endpoint.rule.status = () => 400;
    await expect(reader.compare(ASKED, never())).rejects.toMatchObject({ code: 'TOO_LONG' });
    endpoint.rule.status = () => 500;
    await expect(reader.compare(ASKED, never())).rejects.toMatchObject({ trouble: 'endpoint' });
    // Four tries.
    expect(endpoint.asked).toHaveLength(4 + 1 + 4);
  });

  it('what was never computed costs nothing: a refused address, nobody there, a wait that is broken off', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url, { limits: { ...LIMITS, requestsPerMinute: 1 } }));
    const spent = async () => (await readJudge(api, id)).endpoint!.spent;
    const row = await rowOf(id);
    const reader = (url: string) => createEndpointReader(web.product, { ...row, url });
    await expect(reader('https://10.0.0.1/v1').compare(ASKED, never())).rejects.toMatchObject({ trouble: 'refused' });
    expect(await spent()).toBe(0);
    // The next call's turn comes in a minute.
    const stop = new AbortController();
    const waiting = reader(endpoint.url).compare(ASKED, stop.signal);
    await expect.poll(spent).toBeGreaterThan(0);
    stop.abort();
    await expect(waiting).rejects.toThrow();
    expect(await spent()).toBe(0);
    await api.change({ id, change: { limits: LIMITS } });
    await web.product.db.update(schema.judge).set({ nextCallAt: null });
    const closed = await startJudgeEndpoint({ compare: () => 0 });
    closed.close();
    await expect(reader(closed.url).compare(ASKED, never())).rejects.toMatchObject({ trouble: 'endpoint' });
    expect(await spent()).toBe(0);
    expect(endpoint.asked).toEqual([]);
  });

  it('an answer that is no completion is asked again, and paid for each time', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url));
    const reader = createEndpointReader(web.product, await rowOf(id));
    endpoint.rule.garbles = (nth) => nth < 2;
    expect(await reader.compare(ASKED, never())).toMatchObject({ choice: 'first' });
    expect(endpoint.asked).toHaveLength(3);
    const { spent } = (await readJudge(api, id)).endpoint!;
    expect(reader.takePrice()).toBeCloseTo(spent, 12);
    endpoint.rule.garbles = () => true;
    await expect(reader.compare(ASKED, never())).rejects.toMatchObject({ trouble: 'endpoint' });
    expect(endpoint.asked).toHaveLength(3 + 4);
    expect(reader.takePrice()).toBeCloseTo((await readJudge(api, id)).endpoint!.spent - spent, 12);
  });

  it('a time limit of any fraction of a second holds', async () => {
    // 16.1 s are 16100.000000000002 ms.
    const { id } = await api.add(endpointJudge(endpoint.url, { limits: { ...LIMITS, timeoutSeconds: 16.1 } }));
    const reader = createEndpointReader(web.product, await rowOf(id));
    expect(await reader.compare(ASKED, never())).toMatchObject({ choice: 'first' });
  });

  it('words that no database holds are kept as it can, and what is no probability gives no odds', async () => {
    await addPairs(web, adminId, { pairs: 50, isUploaded: true, voted: 45 });
    const { id } = await api.add(endpointJudge(endpoint.url));
    await letWork(api, id, 'measure');
    endpoint.rule.warps = (completion) => {
      completion.choices[0]!.message.content += `\0 \ud800 ${'and '.repeat(20_000)}`;
      return completion;
    };
    expect(await letWork(api, id, 'label')).toMatchObject({ labelled: 50, trouble: null });
    const [label] = await web.product.db.select().from(schema.judgeLabel);
    const { words } = label!.said.orders![0];
    expect(words).toMatch(/principles\.\ufffd \ufffd and and /);
    expect(words).toHaveLength(50_000);

    const reader = createEndpointReader(web.product, await rowOf(id));
    for (const [a, b] of [
      [1000, 1000],
      [1000, -1],
      [-1, 5],
    ]) {
      const top_logprobs = [
        { token: 'A', logprob: a },
        { token: 'B', logprob: b },
      ];
      endpoint.rule.warps = ({ choices: [choice], usage }) => ({
        choices: [{ ...choice, logprobs: { content: [{ top_logprobs }] } }],
        usage,
      });
      expect(await reader.compare(ASKED, never())).toMatchObject({ choice: 'first', logOdds: null });
    }
  });

  it('an endpoint that hangs ends in time with its reason, and a stop does not wait for it', async () => {
    await addPairs(web, adminId, { pairs: 3, isUploaded: true, voted: 3 });
    endpoint.rule.hangs = true;
    const { id } = await api.add(endpointJudge(endpoint.url, { limits: { ...LIMITS, timeoutSeconds: 0.1 } }));
    expect(await letWork(api, id, 'measure')).toMatchObject({ trouble: 'endpoint', measurements: [] });
    expect(endpoint.asked).toHaveLength(4);

    const patient = await api.add(endpointJudge(endpoint.url, { limits: { ...LIMITS, timeoutSeconds: 300 } }));
    await api.setActivity({ id: patient.id, activity: 'measure' });
    await expect.poll(() => endpoint.asked.length).toBe(5);
    await api.setActivity({ id: patient.id, activity: 'idle' });
    // The process lets it go although the endpoint still says nothing.
    await expect.poll(async () => (await rowOf(patient.id)).leaseOwner).toBeNull();
  });

  it('a judge that spends its budget stops and says so; two replicas label nothing twice', async () => {
    await addPairs(web, adminId, { pairs: 50, isUploaded: true, voted: 50 });
    // 160 calls measure it, and 20 are left.
    const limits = { ...LIMITS, mostCalls: 180 };
    const { id } = await api.add(endpointJudge(endpoint.url, { limits }));
    await letWork(api, id, 'measure');
    expect(await letWork(api, id, 'label')).toMatchObject({ labelled: 10, trouble: 'calls' });
    await api.change({ id, change: { limits: LIMITS } });
    expect(await letWork(api, id, 'label')).toMatchObject({ labelled: 50, trouble: null });
    const labels = await web.product.db.select().from(schema.judgeLabel);
    expect(new Set(labels.map(({ messageId }) => messageId)).size).toBe(50);
    expect(endpoint.asked).toHaveLength(160 + 100);
  });
});

describe('the key', () => {
  it('reaches its endpoint, and stands in no answer, log, audit or dump', async () => {
    await addPairs(web, adminId, { pairs: 3, isUploaded: true, voted: 3 });
    const { id } = await api.add(endpointJudge(endpoint.url));
    await letWork(api, id, 'measure');
    endpoint.rule.status = () => 401;
    await letWork(api, id, 'measure');
    const readerAtSecond = createEndpointReader(second.product, await rowOf(id));
    await expect(readerAtSecond.compare(ASKED, never())).rejects.toMatchObject({ trouble: 'refused' });
    second.product.log.warn({ judge: await rowOf(id) }, 'a row in a log');
    expect(new Set(endpoint.asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${KEY}`]));
    const answers = JSON.stringify([await api.list(), await api.labels({ judgeId: null }), await api.constitutions()]);
    expect(answers).not.toContain(KEY);
    expect(answers).not.toContain((await rowOf(id)).sealedKey);
    const { rows: tables } = await web.product.db.execute<{ name: string }>(
      sql`select tablename as name from pg_tables where schemaname = 'public'`,
    );
    let dumped = '';
    for (const { name } of tables) {
      const { rows } = await web.product.db.execute(sql`select * from ${sql.identifier(name)}`);
      dumped += JSON.stringify(rows);
    }
    expect(dumped).toContain(endpoint.url);
    expect(dumped).not.toContain(KEY);
    expect(logged.join('\n')).toContain('a row in a log');
    expect(logged.join('\n')).not.toContain(KEY);
  });

  it('is not sent again once it is replaced or removed, also by a judge at work', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url));
    const reader = createEndpointReader(web.product, await rowOf(id));
    await reader.compare(ASKED, never());
    await api.change({ id, change: { key: 'sk-new' } });
    await reader.compare(ASKED, never());
    await api.change({ id, change: { key: null } });
    await reader.compare(ASKED, never());
    expect(endpoint.asked.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${KEY}`,
      'Bearer sk-new',
      undefined,
    ]);
  });

  it('does not open in another row or after a change, and is gone once the judge is retired', async () => {
    const { id } = await api.add(endpointJudge(endpoint.url));
    const other = await api.add(endpointJudge(endpoint.url, { key: 'another' }));
    const row = await rowOf(id);
    const moved = { ...(await rowOf(other.id)), sealedKey: row.sealedKey };
    const open = (own: typeof row) => () => createEndpointReader(web.product, own);
    expect(open(row)).not.toThrow();
    expect(open(moved)).toThrow(/key/);
    const bytes = Buffer.from(row.sealedKey!, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    expect(open({ ...row, sealedKey: bytes.toString('base64') })).toThrow(/key/);
    await api.retire({ id });
    expect(await rowOf(id)).toMatchObject({ sealedKey: null, activity: 'idle' });
    await expect(api.setActivity({ id, activity: 'measure' })).rejects.toThrow(/no judge/);
  });

  it('is sent to no address that the operator has not allowed', async () => {
    for (const url of ['http://127.0.0.2:9/v1', 'https://169.254.169.254/v1', 'https://[::1]/v1', 'ftp://example.com'])
      await expect(api.add(endpointJudge(url)), url).rejects.toThrow(/address|clear/);
  });
});

describe('a snapshot', () => {
  it('holds at most the share of judges’ labels, first of items on which people are divided, and traces each', async () => {
    const { db, base, snapshots } = web.product;
    const pairs = await addPairs(web, adminId, { pairs: 60, isUploaded: true, voted: 40 });
    const { id } = await api.add(endpointJudge(endpoint.url));
    await letWork(api, id, 'measure');
    await letWork(api, id, 'label');
    const { raterId } = await readJudge(api, id);
    // People keep one vote each on 20 pairs, and are divided on 4 of these.
    const given = await db.select().from(schema.feedback).where(eq(schema.feedback.source, 'workplace'));
    const order = pairs.map(({ generationIds }) => generationIds[0]);
    const stored = await db.select().from(schema.comparison);
    const placeOf = new Map(stored.map((pair) => [pair.id, order.indexOf(pair.leftGenerationId)]));
    const seen = new Map<number, number>();
    for (const row of given) {
      const place = placeOf.get(row.comparisonId!)!;
      const nth = seen.get(place) ?? 0;
      seen.set(place, nth + 1);
      const keeps = place < 4 ? nth < 2 : place < 16 && nth < 1;
      if (!keeps) await db.delete(schema.feedback).where(eq(schema.feedback.id, row.id));
      else if (place < 4 && nth === 1)
        await db
          .update(schema.feedback)
          .set({ value: { choice: pairs[place]!.isFirstBetter ? 'right' : 'left' } })
          .where(eq(schema.feedback.id, row.id));
    }
    const freeze = async (config: Record<string, unknown>) => {
      await db.insert(schema.trainingRun).values({ trigger: 'button', config, parentVersionId: 'base' });
      const lease = new RunLease(db, (await claimRun(db, 'test'))!, 'test');
      const frozen = await freezeSnapshot(lease, snapshots, base);
      await lease.finish('done', 'test');
      lease.close();
      const [row] = await db.select().from(schema.snapshot).where(eq(schema.snapshot.id, frozen));
      const lines = (await readFile(snapshotFile(snapshots, frozen), 'utf8')).trim().split('\n');
      const rows = lines.map(parseRow).filter((one) => one.kind === 'comparison');
      return {
        counts: row!.counts,
        judged: rows.filter((one) => one.isByJudge),
        people: rows.filter((one) => !one.isByJudge),
      };
    };
    const { judged, people, counts } = await freeze({ aiShare: 0.2 });
    // 4 pairs with two votes and 12 with one: 20 votes, to which a fifth adds 5.
    expect(people).toHaveLength(20);
    expect(judged).toHaveLength(5);
    expect(counts['left_out/over_ai_share']).toBe(55);
    const divided = pairs.slice(0, 4).map(({ generationIds }) => generationIds[0]);
    const kept = judged.map(({ left }) => left.generationId);
    expect(kept).toEqual(expect.arrayContaining(divided));
    const labels = await db.select().from(schema.judgeLabel);
    for (const row of judged) expect(labels.map(({ feedbackId }) => feedbackId)).toContain(row.feedbackId);
    expect(judged.every(({ trust }) => trust !== undefined)).toBe(true);
    expect((await freeze({ aiShare: 0 })).judged).toEqual([]);
    const all = await freeze({ aiShare: 1 });
    expect(all.judged).toHaveLength(60);
    expect(all.counts['left_out/over_ai_share']).toBeUndefined();
    expect((await freeze({})).judged).toHaveLength(20);

    // A ban weighs a judge like any rater; what is excluded is left out.
    await db.insert(schema.raterStanding).values({ userId: raterId, standing: 'banned', reason: 'r', setBy: adminId });
    expect((await freeze({})).judged.every(({ trust }) => trust === 0)).toBe(true);
  });
});
