// What a judge may never do: pass its budget or rate, hang, or label twice.
import { describe, expect, it } from 'vitest';
import * as schema from '@/db/schema';
import { createEndpointReader } from '@/server/services/judge/endpoint';
import { startJudgeEndpoint } from '../judge-endpoint';
import { ASKED, adminId, api, endpoint, never, openBench, rowOf, second, web } from './judge-bench';
import { addPairs, endpointJudge, LIMITS, letWork, readJudge } from './judge-world';

openBench();

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
