// Rules that ask a server: what they do to an answer, what happens when no verdict comes, and what cannot be saved.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Rule } from '@/core/constraints/rules';
import { hitsOfVersion } from '@/server/rollout/rule-hits';
import { createClient, routeTo } from './api-client';
import { ada, add, admin, isSaved, openDesk, SAID, world } from './asking-desk';
import { type Api, answerTo, send } from './world';

openDesk();
const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
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
    const { rules } = await hitsOfVersion(world.web.product.db, 'base');
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
