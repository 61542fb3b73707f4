// Rules that ask a classifier or a server: what they do to an answer, what happens when no verdict comes, and what cannot be saved.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeClassifier } from '@/core/classifier/classifier-artifact';
import { featuresOf } from '@/core/classifier/features';
import { Rule } from '@/core/constraints/rules';
import { hitsOfVersions } from '@/server/rollout/rule-hits';
import { writeExported } from '@/test/exported-classifier';
import { CLASSIFIER_DEFAULTS, fitClassifier } from '@/trainer/classifier/fit';
import { createClient, routeTo } from './api-client';
import { type Api, answerTo, callAs, createUser, createWorld, send, type World } from './world';

// Two sentences; no letter twice, as alwaysSay demands.
const SAID = 'Thanks. Ugly!';
const SECOND_HIDDEN = 'Thanks. █████';
let world: World;
let admin: Api;
let ada: Api;
let classifiers: string;

beforeAll(async () => {
  world = await createWorld({ seed: 1, alwaysSay: SAID }, Math.random, [{ name: '127.0.0.1', port: null }]);
  classifiers = path.join(path.dirname(world.artifacts), 'classifiers');
  admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());
beforeEach(async () => {
  ada = callAs(world.web, await createUser(world.web));
});
const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  for (const { rule } of (await admin.rule.list()).rules)
    if (rule!.id !== 'profanity') await admin.rule.remove({ id: rule!.id, expectedVersion: rule!.version });
});

const add = (rule: object, needsVerdict = true) =>
  admin.rule.save({ rule: Rule.parse(rule), expectedVersion: null, needsVerdict });
const isSaved = async (id: string) => (await admin.rule.list()).rules.some(({ rule }) => rule!.id === id);

/** Fitted on sentences of which every second one is ugly. */
async function writeTinyClassifier(id: string): Promise<string> {
  const words = ['tree', 'house', 'river', 'bread', 'music', 'winter', 'garden', 'paper'];
  const rows = words.flatMap((word) =>
    words.flatMap((other) => [
      { features: featuresOf(`The ${word} and the ${other}, thanks.`), labels: new Set<string>() },
      { features: featuresOf(`Ugly ${word}, ugly ${other}! Ugly!`), labels: new Set(['toxic']) },
    ]),
  );
  const directory = path.join(classifiers, id);
  await writeClassifier(directory, { ...fitClassifier(rows, CLASSIFIER_DEFAULTS), rows: rows.length });
  return directory;
}

describe('a rule that asks a classifier', () => {
  const ruleOf = (id: string, classifier: string, more: object = {}) => ({
    ...{ id, kind: 'classifier', classifier, thresholds: { toxic: 0.5 }, output: 'mask' },
    ...more,
  });

  it('hides the toxic sentence of an answer and no other, and its person is told the kind', async () => {
    await writeTinyClassifier('tiny');
    await add(ruleOf('toxic-tiny', 'tiny'));
    const answer = await answerTo(ada, 'Hi');
    expect(answer.text).toBe(SECOND_HIDDEN);
    for (const [, event] of answer.events) expect(event.text).not.toContain('U');
    expect(answer.events.at(-1)![1]).toMatchObject({ notices: [{ effect: 'masked', kind: 'classifier' }] });
  });

  it('goes on with the classifier that was read and checked, whatever becomes of its folder', async () => {
    const directory = await writeTinyClassifier('kept');
    await add(ruleOf('toxic-kept', 'kept', { onFailure: 'allow' }));
    await rm(directory, { recursive: true });
    expect((await answerTo(ada, 'Hi')).text).toBe(SECOND_HIDDEN);
  });

  it('cannot be saved without its classifier: the refusal names the folder and the command, and then it can', async () => {
    const missing = path.join(classifiers, 'late');
    await expect(add(ruleOf('toxic-late', 'late'))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'classifier', message: expect.stringContaining(`--out ${missing}`) },
    });
    await expect(add(ruleOf('toxic-late', 'late'))).rejects.toThrow('npx attune train-classifier');
    await mkdir(missing, { recursive: true });
    await expect(add(ruleOf('toxic-late', 'late'))).rejects.toMatchObject({ cause: { code: 'BAD_INPUT' } });
    expect(await isSaved('toxic-late')).toBe(false);
    await rm(missing, { recursive: true });
    await writeTinyClassifier('late');
    await add(ruleOf('toxic-late', 'late'));
    expect(await isSaved('toxic-late')).toBe(true);
  });

  it('cannot be saved if the weights were changed, or for a label that the classifier does not have', async () => {
    const file = path.join(await writeTinyClassifier('changed'), 'weights.safetensors');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(add(ruleOf('toxic-changed', 'changed'))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', message: expect.stringContaining('not the file that was written') },
    });
    await writeTinyClassifier('labels');
    await expect(add(ruleOf('rude', 'labels', { thresholds: { rude: 0.5 } }))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'thresholds', message: expect.stringContaining('"rude"') },
    });
    expect([await isSaved('toxic-changed'), await isSaved('rude')]).toEqual([false, false]);
  });

  it('may be one that transformers exported: the engine runs it', async () => {
    await writeExported(path.join(classifiers, 'exported'));
    await add(ruleOf('toxic-exported', 'exported', { timeoutMs: 30_000 }));
    expect((await answerTo(ada, 'Hi')).text).toBe(SECOND_HIDDEN);
  });

  it('cannot be saved for an exported one that cannot be run, or that has other labels', async () => {
    await writeExported(path.join(classifiers, 'broken'), { scores: 3 });
    await expect(add(ruleOf('toxic-broken', 'broken'))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', message: expect.stringContaining('scores of the shape [1, 3] for 2 labels') },
    });
    await writeExported(path.join(classifiers, 'other'));
    await expect(add(ruleOf('toxic-other', 'other', { thresholds: { rude: 0.5 } }))).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'thresholds', message: expect.stringContaining('fine, toxic') },
    });
    expect([await isSaved('toxic-broken'), await isSaved('toxic-other')]).toEqual([false, false]);
  });

  it('cannot be restored once another process finds no classifier', async () => {
    const directory = await writeTinyClassifier('gone');
    await add(ruleOf('toxic-gone', 'gone'));
    await admin.rule.remove({ id: 'toxic-gone', expectedVersion: 1 });
    await rm(directory, { recursive: true });
    const next = await world.startWeb();
    const there = callAs(next, await createUser(next, 'admin'), 'admin');
    await expect(there.rule.restore({ id: 'toxic-gone', version: 1, expectedVersion: 2 })).rejects.toMatchObject({
      cause: { code: 'BAD_INPUT', param: 'classifier' },
    });
  });
});

describe('a rule that asks a server', () => {
  let rules = 0;
  /** An id is never used again. */
  const ruleOf = (url: string, more: object = {}) => ({
    ...{ id: `outside-${rules++}`, kind: 'http', url, output: 'mask' },
    ...more,
  });

  /** Resolves to an address on loopback. */
  async function serve(answer: http.RequestListener): Promise<string> {
    const server = http.createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/judge`;
  }

  /** Nobody listens there. */
  async function deadUrl(): Promise<string> {
    const url = await serve(() => {});
    await new Promise((resolve) => servers.pop()!.close(resolve));
    return url;
  }

  it('hides what the server names', async () => {
    const url = await serve(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { text } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { text: string };
      const start = text.indexOf('gly');
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ hits: start < 0 ? [] : [{ start, end: start + 3 }] }));
    });
    await add(ruleOf(url, { timeoutMs: 30_000 }));
    expect((await answerTo(ada, 'Hi')).text).toBe('Thanks. U███!');
  });

  it('is told to the people whose texts it gets, before they write', async () => {
    const isTold = async (api: Api = ada) => (await api.account.get()).isCheckedOutside;
    expect(await isTold()).toBe(false);
    const rule = { ...ruleOf(await deadUrl(), { input: 'off', output: 'flag' }) };
    await add(rule, false);
    expect(await isTold()).toBe(true);
    const save = (more: object, expectedVersion: number) =>
      admin.rule.save({ rule: Rule.parse({ ...rule, ...more }), expectedVersion, needsVerdict: false });
    await save({ audiences: ['guest'] }, 1);
    expect(await isTold()).toBe(false);
    await save({ input: 'mask', output: 'off' }, 2);
    expect(await isTold()).toBe(true);
    await save({ output: 'off' }, 3);
    expect(await isTold()).toBe(false);
  });

  it('cannot be saved for an address that nothing may be sent to', async () => {
    for (const url of ['https://10.0.0.1/', 'https://[::1]/', 'http://rules.example.com/', 'https://a:b@example.com/'])
      await expect(add(ruleOf(url, { id: 'refused' })), url).rejects.toMatchObject({
        cause: { code: 'BAD_INPUT', param: 'url' },
      });
    expect(await isSaved('refused')).toBe(false);
  });

  it('is asked about a fixed text before it is saved', async () => {
    const bodies: string[] = [];
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      bodies.push(body);
      response.writeHead(200).end('{"isHit": false}');
    });
    const rule = ruleOf(url, { sendsContext: true, timeoutMs: 30_000 });
    await add(rule);
    expect(bodies).toEqual(['{"text":"Hello","context":{"input":null,"systemPrompt":null}}']);
    expect(await isSaved(rule.id)).toBe(true);
  });

  it('cannot be saved while its server gives no verdict, which the refusal explains, unless an admin says so', async () => {
    const wrong = await serve((_, response) => response.writeHead(200).end('{"verdict": 1}'));
    const broken = await serve((_, response) => response.writeHead(500).end());
    const moved = await serve((_, response) => response.writeHead(302, { location: '/' }).end());
    const cases = [
      [await deadUrl(), 'unreachable', 'ECONNREFUSED'],
      [await serve(() => {}), 'timeout', 'within 100 ms'],
      [wrong, 'answer', '"isHit"'],
      [broken, 'answer', 'status 500'],
      [moved, 'answer', 'redirect'],
    ];
    for (const [url, noVerdict, why] of cases) {
      const rule = ruleOf(url!, { timeoutMs: noVerdict === 'timeout' ? 100 : 30_000 });
      await expect(add(rule), why).rejects.toMatchObject({
        cause: { code: 'BAD_INPUT', param: 'url', noVerdict, message: expect.stringContaining(why!) },
      });
      expect(await isSaved(rule.id)).toBe(false);
      await add(rule, false);
      expect(await isSaved(rule.id)).toBe(true);
    }
  });

  it('gives the reason beside each example without a verdict', async () => {
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      response.writeHead(200).end(body.includes('odd') ? '1' : '{"isHit": true}');
    });
    const examples = ['odd', 'even'].map((text) => ({ text, isHit: true }));
    const tried = await admin.rule.try({
      rule: Rule.parse({ ...ruleOf(url, { timeoutMs: 30_000 }), examples }),
      text: '',
    });
    expect(tried.reasons).toEqual(['answer', null]);
    const dead = Rule.parse({ ...ruleOf(await deadUrl(), { timeoutMs: 30_000 }), examples });
    expect((await admin.rule.try({ rule: dead, text: '' })).reasons).toEqual(['unreachable', 'unreachable']);
  });

  it('that does nothing is saved without being asked', async () => {
    const rule = ruleOf(await deadUrl(), { input: 'off', output: 'off' });
    await add(rule);
    expect(await isSaved(rule.id)).toBe(true);
  });

  it('fails as it says while its server is dead: closed, nothing is shown; open, everything', async () => {
    const url = await deadUrl();
    const rule = ruleOf(url, { timeoutMs: 30_000, onFailure: 'forbid' });
    await add(rule, false);
    expect((await answerTo(ada, 'Hi')).text).toMatch(/^█{7}.█{5}$/);
    const open = Rule.parse({ ...rule, onFailure: 'allow' });
    await admin.rule.save({ rule: open, expectedVersion: 1, needsVerdict: false });
    expect((await answerTo(ada, 'Hi')).text).toBe(SAID);
  });

  it('without a verdict is said to have checked nothing, its hit is marked so, and no rate counts it', async () => {
    const message = 'We do not say that here.';
    const rule = ruleOf(await deadUrl(), { timeoutMs: 30_000, message });
    await add(rule, false);
    const { conversationId, messageId, events } = await answerTo(ada, 'Hi');
    const notices = [{ effect: 'masked', kind: 'http', message, isUnjudged: true }];
    expect(events.at(-1)![1]).toMatchObject({ notices });
    const { messages } = await ada.conversation.get({ id: conversationId });
    expect(messages.find(({ id }) => id === messageId)).toMatchObject({ notices });
    const { items } = await admin.rule.hits({ id: rule.id });
    expect(items.filter(({ scope }) => scope === 'output').map(({ isUnjudged }) => isUnjudged)).toEqual([true, true]);
    const listed = (await admin.rule.list()).rules.find(({ id }) => id === rule.id)!;
    expect([listed.answers.hits, listed.messages.hits]).toEqual([0, 0]);
    for (const { rules } of (await hitsOfVersions(world.web.product.db)).values())
      expect(rules.map(({ ruleId }) => ruleId)).not.toContain(rule.id);
  });

  it('with a verdict marks none of its hits so, and the rates count them', async () => {
    const url = await serve((_, response) => response.writeHead(200).end('{"isHit": true}'));
    const rule = ruleOf(url, { timeoutMs: 30_000 });
    await add(rule);
    const { events } = await answerTo(ada, 'Hi');
    expect(events.at(-1)![1]).toMatchObject({ notices: [{ effect: 'masked', kind: 'http', isUnjudged: false }] });
    expect((await admin.rule.hits({ id: rule.id })).items.map(({ isUnjudged }) => isUnjudged)).not.toContain(true);
    expect((await admin.rule.list()).rules.find(({ id }) => id === rule.id)!.answers.hits).toBe(1);
  });

  it('without a verdict refuses a message as unchecked, not with the sentence for what it forbids', async () => {
    const more = { input: 'block', output: 'off', timeoutMs: 30_000, message: 'We do not say that here.' };
    const rule = ruleOf(await deadUrl(), more);
    await add(rule, false);
    await expect(send(ada, 'Hi')).rejects.toMatchObject({
      cause: {
        code: 'CONSTRAINT',
        message: expect.stringContaining('could not be checked'),
        rule: { kind: 'http', isUnjudged: true },
      },
    });
    expect((await admin.rule.list()).rules.find(({ id }) => id === rule.id)!.messages.hits).toBe(0);
  });

  it('whose server is dead delays a long message no longer than one failure does', async () => {
    await add(ruleOf(await deadUrl(), { timeoutMs: 1000, input: 'mask', output: 'off', onFailure: 'allow' }), false);
    const text = 'Yes. '.repeat(100);
    const begun = performance.now();
    expect((await send(ada, text)).text).toBe(text);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('that hangs is asked about the first sentences of a long message or conversation, and about no more', async () => {
    let asked = 0;
    const url = await serve(() => asked++);
    await add(ruleOf(url, { timeoutMs: 300, input: 'mask', output: 'off', onFailure: 'allow' }), false);
    await send(ada, 'Yes. '.repeat(100));
    expect(asked).toBeLessThanOrEqual(16);
    asked = 0;
    routeTo(world.web);
    const messages = Array.from({ length: 20 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: `Hi ${i}` }));
    const client = await createClient(world.web);
    const asks = [...messages, { role: 'user', content: 'Bye' }];
    expect((await client.post('/v1/chat/completions', { model: 'champion', messages: asks })).status).toBe(200);
    expect(asked).toBeLessThanOrEqual(4);
  });

  /** Without the rule's limit, a request would end after a minute. */
  const IN_TIME = { timeout: 30_000 };
  for (const [onFailure, shown] of [
    ['forbid', /^█{7}.█{5}$/],
    ['allow', /^Thanks\. Ugly!$/],
  ] as const) {
    it(
      `that hangs is left at its time limit, the stream ends, and the answer is as "${onFailure}" says`,
      IN_TIME,
      async () => {
        let asked = 0;
        let left = 0;
        const url = await serve((request) => {
          asked++;
          request.socket.once('close', () => left++);
        });
        await add(ruleOf(url, { timeoutMs: 200, onFailure }), false);
        const answer = await answerTo(ada, 'Hi');
        expect(answer.text).toMatch(shown);
        expect(answer.events.at(-1)![1]).toMatchObject({ type: 'end', status: 'done' });
        // The server never answered: it was the reader who hung up.
        expect(asked).toBeGreaterThan(0);
        await expect.poll(() => left).toBe(asked);
      },
    );
  }

  it('ends the answer under "block" while its server hangs, and tells why', IN_TIME, async () => {
    const url = await serve(() => {});
    await add(ruleOf(url, { timeoutMs: 200, output: 'block' }), false);
    const answer = await answerTo(ada, 'Hi');
    expect(answer.text).toBe('');
    expect(answer.events.at(-1)![1]).toMatchObject({
      finishReason: 'constraint',
      notices: [{ effect: 'blocked', kind: 'http' }],
    });
  });
});
