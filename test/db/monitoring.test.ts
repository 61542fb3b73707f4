// Metrics and traces: who may read them, that they count what happened, and that no words of people are in them.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerMetrics } from '@/server/http/metrics';
import type { WebProcess } from '@/server/product';
import { type Api, answerTo, callAs, createUser, createWorld, type World } from './world';

const TOKEN = 'a-token-of-the-operator';
const SECRET = 'zanzibar';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}

let world: World;
let web: WebProcess;
let person: Api;
let collector: http.Server;
const sent: string[] = [];
const paths: string[] = [];

beforeAll(async () => {
  collector = http.createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    paths.push(request.url!);
    sent.push(Buffer.concat(parts).toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  world = await createWorld({ seed: 1 });
  const tracesUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  web = { ...(await world.startWeb({ tracesUrl })), metricsToken: TOKEN };
  person = callAs(web, await createUser(web));
});
afterAll(async () => {
  await world?.close();
  collector.closeAllConnections();
  collector.close();
});

const scrape = (bearer?: string) =>
  answerMetrics(
    web,
    new Request('http://localhost:3000/metrics', bearer ? { headers: { authorization: `Bearer ${bearer}` } } : {}),
  );
const figureOf = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1),
  );

it('metrics are for the operator’s token and an administrator’s key alone', async () => {
  expect([(await scrape()).status, (await scrape('a-token-of-the-operatoR')).status]).toEqual([401, 401]);
  const key = async (role: string) => {
    const own = callAs(web, await createUser(web, role), role);
    return (await own.apiKey.create({ name: 'metrics', allowTraining: false })).secret;
  };
  expect((await scrape(await key('user'))).status).toBe(403);
  expect((await scrape(await key('admin'))).status).toBe(200);
  const response = await scrape(TOKEN);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  // Without a token of the operator's, no text is one.
  const other = await answerMetrics(
    { ...web, metricsToken: null },
    new Request('http://localhost:3000/metrics', {
      headers: { authorization: 'Bearer null' },
    }),
  );
  expect(other.status).toBe(401);
});

it('metrics count answers, tokens and times, say how the machines are, and hold no words and no ids', async () => {
  const before = await (await scrape(TOKEN)).text();
  const { generationId } = await answerTo(person, `Tell me about ${SECRET}.`);
  const text = await (await scrape(TOKEN)).text();
  const grown = (series: string) => figureOf(text, series) - (figureOf(before, series) || 0);
  expect(grown('attune_answers_total{status="done"}')).toBe(1);
  expect(grown('attune_first_token_seconds_count')).toBe(1);
  expect(grown('attune_tokens_total{kind="completion"}')).toBeGreaterThan(0);
  expect(figureOf(text, 'attune_up{part="engine"}')).toBe(1);
  expect(figureOf(text, 'attune_up{part="trainer"}')).toBe(0);
  expect(figureOf(text, 'attune_runs{status="queued"}')).toBe(0);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(generationId);
});

it('a message is one trace of nested spans at the collector, without words', async () => {
  const { generationId } = await answerTo(person, `What about ${SECRET}?`);
  await web.close(); // sends what waits
  expect(new Set(paths)).toEqual(new Set(['/v1/traces']));
  const spans = sent.flatMap((body) =>
    (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap((resource) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    ),
  );
  const root = spans.find(({ attributes }) => attributes.some(({ value }) => value.stringValue === generationId))!;
  expect(root.name).toBe('message');
  const parts = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  expect(parts.map(({ name }) => name).sort()).toEqual(['generate', 'receive', 'rules', 'wait for the first token']);
  for (const { traceId, startTimeUnixNano, endTimeUnixNano } of parts) {
    expect(traceId).toBe(root.traceId);
    expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(root.startTimeUnixNano));
    expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(root.endTimeUnixNano));
  }
  expect(sent.join()).not.toContain(SECRET);
});
