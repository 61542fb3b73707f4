// A model that always swears, under every action of a rule: what people, programs and the database get.
import { randomUUID } from 'node:crypto';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Rule } from '@/core/constraints/rules';
import { constraintHit, generation, generationAttempt, message, usage } from '@/db/schema';
import { ChatCompletion } from '@/server/api/openapi/responses';
import { resumeGenerations } from '@/server/services/generation/resume';
import { type ApiClient, createClient, errorOf, raiseLimits, routeTo } from './api-client';
import { type Api, answerTo, assemble, callAs, createUser, createWorld, readStream, send, type World } from './world';

const SAID = 'oh fuck!';
let world: World;
let admin: Api;
let ada: Api;
let adaId: string;
let client: ApiClient;

beforeAll(async () => {
  world = await createWorld({ seed: 1, alwaysSay: SAID });
  routeTo(world.web);
  admin = callAs(world.web, await createUser(world.web, 'admin'), 'admin');
  await raiseLimits(world.web);
  await admin.admin.setSettings({ comparisonShare: 0 });
  client = await createClient(world.web);
});
afterAll(() => world?.close());
beforeEach(async () => {
  adaId = await createUser(world.web);
  ada = callAs(world.web, adaId);
});

/** Changes the only rule. */
async function setRule(change: Partial<Rule>): Promise<void> {
  const [view] = (await admin.rule.list()).rules;
  const { rule } = view!;
  await admin.rule.save({
    rule: Rule.parse({ id: 'profanity', kind: 'profanity', ...change }),
    expectedVersion: rule!.version,
  });
}
const rowOf = async (id: string) =>
  (await world.web.product.db.select().from(generation).where(eq(generation.id, id)))[0]!;
const hitsOf = (generationId: string) =>
  world.web.product.db.select().from(constraintHit).where(eq(constraintHit.generationId, generationId));
const attemptsOf = (generationId: string) =>
  world.web.product.db
    .select()
    .from(generationAttempt)
    .where(eq(generationAttempt.generationId, generationId))
    .orderBy(asc(generationAttempt.attempt));
const usedBy = async (userId: string) =>
  (await world.web.product.db.select().from(usage).where(eq(usage.userId, userId)))[0]!;
const chat = (more: object = {}) =>
  client.post('/v1/chat/completions', {
    model: 'champion',
    messages: [{ role: 'user', content: 'Hello.' }],
    max_tokens: 16,
    ...more,
  });
/** The text of a stream, and why it ended. */
async function readSse(response: Response): Promise<{ text: string; reason: string | null }> {
  expect(response.status).toBe(200);
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'));
  const choices = lines.flatMap((line) => JSON.parse(line.slice(6)).choices);
  return {
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    reason: choices.at(-1).finish_reason,
  };
}

describe('an answer', () => {
  it('is shown whole under "flag", and the hit is kept', async () => {
    await setRule({ output: 'flag' });
    const answer = await answerTo(ada, 'Hi');
    expect(answer.text).toBe(SAID);
    expect(await hitsOf(answer.generationId)).toMatchObject([{ action: 'flag', start: 3, end: 7 }]);
    expect(answer.events.at(-1)![1]).toMatchObject({ notices: [] });
  });

  it('is shown whole, and nothing is found, when the rule is off or for others', async () => {
    for (const change of [{ output: 'off' }, { output: 'mask', audiences: ['api'] }] as const) {
      await setRule(change as Partial<Rule>);
      const answer = await answerTo(ada, 'Hi');
      expect(answer.text).toBe(SAID);
      expect(await hitsOf(answer.generationId)).toEqual([]);
    }
    const masked = ChatCompletion.parse(await (await chat()).json());
    expect(masked.choices[0]!.message.content).toBe('oh ████!');
  });

  it('has bars under "mask", and its person is told the kind', async () => {
    await setRule({ output: 'mask' });
    const answer = await answerTo(ada, 'Hi');
    expect(answer.text).toBe('oh ████!');
    const notices = [{ effect: 'masked', kind: 'profanity', message: null }];
    expect(answer.events.at(-1)![1]).toMatchObject({ notices });
    const { messages } = await ada.conversation.get({ id: answer.conversationId });
    expect(messages.find(({ id }) => id === answer.messageId)).toMatchObject({ content: 'oh ████!', notices });
  });

  it('ends before the word under "block": the chat tells why, programs get content_filter', async () => {
    await setRule({ output: 'block', message: 'We do not swear here.' });
    const answer = await answerTo(ada, 'Hi');
    for (const [, event] of answer.events) expect('oh '.startsWith(event.text)).toBe(true);
    expect(answer.events.at(-1)![1]).toMatchObject({
      text: 'oh ',
      status: 'done',
      finishReason: 'constraint',
      notices: [{ effect: 'blocked', kind: 'profanity', message: 'We do not swear here.' }],
    });
    expect(await hitsOf(answer.generationId)).toMatchObject([{ action: 'block', start: 3, attempt: null }]);
    const whole = ChatCompletion.parse(await (await chat({ logprobs: true, top_logprobs: 3 })).json());
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { content: 'oh ' } });
    expect(JSON.stringify(whole.choices)).not.toContain('"f"');
    expect(await readSse(await chat({ stream: true }))).toEqual({ text: 'oh ', reason: 'content_filter' });
  });

  it('is tried three times under "regenerate", charged for each, and then ends like a blocked one', async () => {
    await setRule({ output: 'regenerate' });
    const answer = await answerTo(ada, 'Hi', { sampling: { maxTokens: 24, temperature: 1 } });
    expect(answer.events.at(-1)![1]).toMatchObject({ text: 'oh ', finishReason: 'constraint' });
    const row = await rowOf(answer.generationId);
    const attempts = await attemptsOf(answer.generationId);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set([row.seed, ...attempts.map(({ seed }) => seed)]).size).toBe(3);
    expect(row.sampling.seed).toBe(row.seed);
    const tokens = [row.completionIds, ...attempts.map(({ completionIds }) => completionIds)].map((ids) => ids.length);
    expect((await usedBy(adaId)).completionTokens).toBe(tokens.reduce((a, b) => a + b));
    expect((await hitsOf(answer.generationId)).map(({ attempt }) => attempt).sort()).toEqual([1, 2, null]);
    const whole = ChatCompletion.parse(await (await chat({ temperature: 1 })).json());
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { content: 'oh ' } });
    expect(whole.usage.completion_tokens).toBeGreaterThanOrEqual(12);
  });

  it('is written again until it keeps the rule; readers of a stream get only the one that does', async () => {
    await setRule({ output: 'regenerate' });
    // With this bias, about one sample in two leaves the chain at "h": unlike the others, it does not begin with "oh ".
    const biased = { temperature: 1, logit_bias: { 104: -75 }, max_tokens: 8 };
    const seen = { first: 0, again: 0 };
    for (let seed = 0; seed < 40 && (seen.first === 0 || seen.again === 0); seed++) {
      const response = await chat({ ...biased, seed, stream: true });
      const id = response.headers.get('x-attune-generation-id')!;
      const { text, reason } = await readSse(response);
      const attempts = await attemptsOf(id);
      expect(text).not.toContain('fuck');
      if (reason === 'content_filter') continue;
      const [written] = await world.web.product.db
        .select({ content: message.content })
        .from(message)
        .innerJoin(generation, eq(generation.messageId, message.id))
        .where(eq(generation.id, id));
      expect(text).toBe(written!.content);
      if (attempts.length === 0) seen.first++;
      else seen.again++;
    }
    expect(seen.first).toBeGreaterThan(0);
    expect(seen.again).toBeGreaterThan(0);
  });

  it('is the best of four under "best-of-n": nothing is shown before, the others are kept and charged', async () => {
    await setRule({ output: 'best-of-n' });
    const biased = { temperature: 1, logit_bias: { 102: -75 }, max_tokens: 8 };
    let clean = 0;
    for (let seed = 0; seed < 6; seed++) {
      const completion = ChatCompletion.parse(await (await chat({ ...biased, seed })).json());
      const id = completion.attune!.generation_ids[0]!;
      const attempts = await attemptsOf(id);
      expect(attempts).toHaveLength(3);
      const row = await rowOf(id);
      const decode = (ids: number[]) => world.web.product.base.tokenizer.decode(ids);
      const isClean = (ids: number[]) => !decode(ids).includes('fuck');
      // A sample without the word is never passed over for one with it.
      if (attempts.some(({ completionIds }) => isClean(completionIds))) expect(isClean(row.completionIds)).toBe(true);
      if (isClean(row.completionIds)) clean++;
      const used = [row, ...attempts].reduce((sum, { completionIds }) => sum + completionIds.length, 0);
      expect(completion.usage.completion_tokens).toBe(used);
    }
    expect(clean).toBeGreaterThan(0);
    // All four swear: what is left is masked, and no event before the end has a text.
    const answer = await answerTo(ada, 'Hi');
    expect(answer.events.slice(0, -1).every(([, event]) => event.text === '' || event.text === 'oh ████!')).toBe(true);
    expect(answer.text).toBe('oh ████!');
  });

  it('is drawn once under "best-of-n" at temperature 0, because all four would be the same', async () => {
    await setRule({ output: 'best-of-n' });
    const completion = ChatCompletion.parse(await (await chat({ temperature: 0 })).json());
    expect(completion.choices[0]!.message.content).toBe('oh ████!');
    const id = completion.attune!.generation_ids[0]!;
    expect(await attemptsOf(id)).toEqual([]);
    expect(completion.usage.completion_tokens).toBe((await rowOf(id)).completionIds.length);
  });

  it('is checked on both sides of a comparison', async () => {
    await setRule({ output: 'block' });
    await admin.admin.setSettings({ comparisonShare: 1 });
    const { answers } = await send(ada, 'Hi');
    await admin.admin.setSettings({ comparisonShare: 0 });
    expect(answers).toHaveLength(2);
    for (const answer of answers) {
      const events = await readStream(ada, answer);
      expect(assemble(events)).toBe('oh ');
      expect(events.at(-1)![1]).toMatchObject({ finishReason: 'constraint' });
    }
  });

  it('that a killed process left is finished by the next one under the same rules, even if they have changed', async () => {
    await setRule({ output: 'regenerate' });
    const whole = await answerTo(ada, 'Hi', { sampling: { maxTokens: 24, temperature: 1, seed: 5 } });
    const { id: _id, messageId: _m, ...row } = await rowOf(whole.generationId);
    const attempts = await attemptsOf(whole.generationId);
    const [asked] = await world.web.product.db
      .select()
      .from(message)
      .where(and(eq(message.conversationId, row.conversationId), isNull(message.parentId)));
    const [left] = await world.web.product.db
      .insert(message)
      .values({ conversationId: row.conversationId, parentId: asked!.id, role: 'assistant', content: '' })
      .returning();
    // It died within the second sample, after "oh f".
    const [lost] = await world.web.product.db
      .insert(generation)
      .values({
        ...row,
        ...{ messageId: left!.id, status: 'running' as const, finishReason: null, finishedAt: null },
        ...{ seed: attempts[1]!.seed, sampling: { ...row.sampling, seed: attempts[1]!.seed } },
        ...{ completionIds: row.completionIds.slice(0, 4), logprobs: row.logprobs.slice(0, 4) },
      })
      .returning();
    await world.web.product.db.insert(generationAttempt).values({ ...attempts[0]!, generationId: lost!.id });
    await setRule({ output: 'off' });
    await resumeGenerations(world.web.product);
    const events = await readStream(ada, { generationId: lost!.id });
    expect(events.at(-1)![1]).toMatchObject({ text: 'oh ', finishReason: 'constraint' });
    expect((await attemptsOf(lost!.id)).map(({ seed }) => seed)).toEqual(attempts.map(({ seed }) => seed));
    expect((await rowOf(lost!.id)).seed).toBe((await rowOf(whole.generationId)).seed);
  });
});

describe("a person's message", () => {
  it('reaches model and database with bars under "mask", and its person sees what was sent', async () => {
    await setRule({ input: 'mask', output: 'off' });
    const sent = await send(ada, 'shit it');
    expect(sent).toMatchObject({
      text: '████ it',
      notices: [{ effect: 'masked', kind: 'profanity' }],
    });
    await readStream(ada, sent.answers[0]!);
    const { promptIds } = await rowOf(sent.answers[0]!.generationId);
    expect(world.web.product.base.tokenizer.decode(promptIds)).toContain('████ it');
    const { messages, title } = await ada.conversation.get({ id: sent.conversationId });
    expect([title, messages[0]!.content]).toEqual(['████ it', '████ it']);
    const stored = await world.web.product.db.select().from(message);
    expect(stored.some(({ content }) => content.includes('shit it'))).toBe(false);
  });

  it('sent again under the same id finds the first one, although it was masked', async () => {
    await setRule({ input: 'mask', output: 'off' });
    const turn = { conversationId: randomUUID(), clientMessageId: randomUUID() };
    const first = await send(ada, 'shit it', turn);
    await setRule({ input: 'block', output: 'off' });
    expect(await send(ada, 'shit it', turn)).toMatchObject({ userMessageId: first.userMessageId });
    await expect(send(ada, 'Good day', turn)).rejects.toMatchObject({
      message: expect.stringMatching(/clientMessageId/),
    });
  });

  it('is refused under "block" before anything is written; only the count is kept', async () => {
    await setRule({ input: 'block', message: 'No swearing.' });
    const conversationId = randomUUID();
    await expect(send(ada, 'shit it', { conversationId })).rejects.toMatchObject({
      cause: { code: 'CONSTRAINT', message: 'No swearing.', rule: { kind: 'profanity', message: 'No swearing.' } },
    });
    await expect(ada.conversation.get({ id: conversationId })).rejects.toThrow();
    const refused = await world.web.product.db
      .select()
      .from(constraintHit)
      .where(and(isNull(constraintHit.messageId), isNull(constraintHit.generationId)));
    expect(refused).toHaveLength(1);
    expect((await admin.rule.list()).rules[0]!.messages.hits).toBeGreaterThan(0);
  });

  it('of a program is masked in every turn, and refused by the name of the field, as OpenAI refuses', async () => {
    await setRule({ input: 'mask', output: 'off' });
    const messages = [
      { role: 'user', content: 'shit it' },
      { role: 'assistant', content: 'Now, now.' },
      { role: 'user', content: 'Sorry.' },
    ];
    const completion = ChatCompletion.parse(await (await chat({ messages })).json());
    const { promptIds } = await rowOf(completion.attune!.generation_ids[0]!);
    expect(world.web.product.base.tokenizer.decode(promptIds)).not.toContain('shit');
    await setRule({ input: 'block' });
    const response = await chat({ messages });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({
      type: 'invalid_request_error',
      code: 'content_filter',
      param: 'messages[0].content',
    });
    const ids = [...Buffer.from('shit it')];
    await setRule({ input: 'mask' });
    const asIds = await client.post('/v1/completions', { model: 'champion', prompt: ids });
    expect(await errorOf(asIds)).toMatchObject({ code: 'content_filter', param: 'prompt' });
  });
});
