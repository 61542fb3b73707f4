// The API as the official OpenAI client uses it, against the whole running product.
import { randomUUID } from 'node:crypto';
import { eq, inArray } from 'drizzle-orm';
import OpenAI from 'openai';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBase } from '@/core/base/load-base';
import type { Database } from '@/db/client';
import { conversation, feedback, generation, message } from '@/db/schema';
import { FeedbackResponse } from '@/server/api/openapi/feedback-responses';
import * as schemas from '@/server/api/openapi/responses';
import { api, chat, errorOf, HELLO, idsOf, post, rowOf, SHORT, useApi, whilePaused } from './api-support';
import { realModel } from './support';

useApi();
let db: Database;
let client: OpenAI;
beforeAll(() => {
  ({ db, client } = api);
});

describe('a chat completion', () => {
  it('is one row of the database, in the shape that the OpenAPI document promises', async () => {
    const { data, response } = await client.chat.completions
      .create({ model: 'champion', messages: HELLO, ...SHORT })
      .withResponse();
    expect(schemas.ChatCompletion.parse(data)).toEqual(data);
    const [id] = idsOf(data);
    expect(response.headers.get('x-attune-generation-id')).toBe(id);
    const row = await rowOf(id!);
    expect(row).toMatchObject({ status: 'done', versionId: 'base', arm: 'champion', propensity: 1 });
    expect(data.usage).toMatchObject({
      prompt_tokens: row.promptIds.length,
      completion_tokens: row.completionIds.length,
    });
    const [answer] = await db.select().from(message).where(eq(message.id, row.messageId));
    expect(answer!.content).toBe(data.choices[0]!.message.content);
    expect(data.choices[0]!.finish_reason).toBe(row.finishReason);
  });

  it('says the same streamed or not, for the same seed', async () => {
    const whole = await chat({ seed: 7, temperature: 1 });
    const stream = await client.chat.completions.create({
      model: 'champion',
      messages: HELLO,
      ...SHORT,
      seed: 7,
      temperature: 1,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const reasons: string[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      expect(schemas.ChatCompletionChunk.parse(chunk)).toEqual(chunk);
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(reasons).toEqual([whole.choices[0]!.finish_reason]);
    expect(usage).toEqual(whole.usage);
  });

  it('with another seed says something else at temperature 1.5', async () => {
    const texts = await Promise.all(
      [1, 2].map(async (seed) => (await chat({ seed, temperature: 1.5 })).choices[0]!.message.content),
    );
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('with n choices has n different answers to one message, streamed or not', async () => {
    const whole = await chat({ n: 3, seed: 11, temperature: 1.5 });
    expect(whole.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    const texts = whole.choices.map((choice) => choice.message.content);
    expect(new Set(texts).size).toBe(3);
    const rows = await db
      .select()
      .from(generation)
      .where(inArray(generation.id, idsOf(whole)));
    expect(rows).toHaveLength(3);
    const parents = await db
      .select({ parentId: message.parentId })
      .from(message)
      .where(
        inArray(
          message.id,
          rows.map((row) => row.messageId),
        ),
      );
    expect(new Set(parents.map(({ parentId }) => parentId)).size).toBe(1);
    const streamed = ['', '', ''];
    const stream = await client.chat.completions.create({
      ...{ model: 'champion', messages: HELLO, ...SHORT, n: 3, seed: 11, temperature: 1.5 },
      stream: true,
    });
    for await (const { choices } of stream)
      for (const { index, delta } of choices) streamed[index] += delta.content ?? '';
    expect(streamed).toEqual(texts);
  });

  it('with logprobs gives tokens that join to the answer, each with the most likely alternatives', async () => {
    const completion = await chat({ logprobs: true, top_logprobs: 4, temperature: 0 });
    const [choice] = completion.choices;
    const content = choice!.logprobs!.content!;
    expect(content.map(({ token }) => token).join('')).toBe(choice!.message.content);
    const row = await rowOf(idsOf(completion)[0]!);
    // Every token of the row in order, except special ones, which have no text.
    let at = -1;
    for (const entry of content) {
      at = row.logprobs.findIndex((logprob, index) => index > at && Math.abs(logprob - entry.logprob) < 1e-5);
      expect(at).toBeGreaterThanOrEqual(0);
      expect(entry.top_logprobs).toHaveLength(4);
      // Greedy decoding takes the most likely token.
      expect(entry.logprob).toBeCloseTo(entry.top_logprobs[0]!.logprob, 4);
      const sorted = entry.top_logprobs.map(({ logprob }) => logprob);
      expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
    }
  });

  it('ends before a stop string', async () => {
    const whole = (await chat({ temperature: 0 })).choices[0]!.message.content!;
    const stop = Array.from(whole).slice(5, 7).join('');
    const { choices } = await chat({ temperature: 0, stop });
    expect(choices[0]!.message.content).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(choices[0]!.finish_reason).toBe('stop');
  });

  it('obeys logit_bias, max_completion_tokens and the extensions', async () => {
    const row = await rowOf(idsOf(await chat({ temperature: 0 }))[0]!);
    const [favourite] = row.completionIds;
    const { max_tokens, ...rest } = { ...SHORT, model: 'champion', messages: HELLO };
    const completion = await client.chat.completions.create({
      ...rest,
      max_completion_tokens: 3,
      logit_bias: { [String(favourite)]: -100 },
      presence_penalty: 0.5,
      frequency_penalty: 0.5,
      ...{ top_k: 40, min_p: 0.05, repetition_penalty: 1.1 },
      top_p: 0.9,
    });
    const biased = await rowOf(idsOf(completion)[0]!);
    expect(biased.completionIds).not.toContain(favourite);
    expect(biased.completionIds.length).toBeLessThanOrEqual(3);
    expect(biased.sampling).toMatchObject({
      ...{ topK: 40, minP: 0.05, repetitionPenalty: 1.1, topP: 0.9, presencePenalty: 0.5, frequencyPenalty: 0.5 },
      ...{ maxTokens: 3, logitBias: { [String(favourite)]: -100 } },
    });
  });

  it('of a growing conversation adds to a single path of its tree', async () => {
    const metadata = { conversation_id: randomUUID() };
    const first = await chat({ metadata });
    const messages = [
      { role: 'system', content: 'Be brief.' },
      ...HELLO,
      { role: 'assistant', content: first.choices[0]!.message.content },
      { role: 'user', content: 'And goodbye?' },
    ];
    await chat({ messages, metadata });
    const rows = await db.select().from(message).where(eq(message.conversationId, metadata.conversation_id));
    expect(rows.map(({ role }) => role).sort()).toEqual(['assistant', 'assistant', 'user', 'user']);
    const [kept] = await db.select().from(conversation).where(eq(conversation.id, metadata.conversation_id));
    expect(kept).toMatchObject({ allowTraining: true });
  });

  it('ends when its reader goes away, streamed or not', async () => {
    const before = new Set((await db.select({ id: generation.id }).from(generation)).map(({ id }) => id));
    const since = async () => (await db.select().from(generation)).filter(({ id }) => !before.has(id));
    const long = { model: 'champion', messages: HELLO, max_tokens: 900, logit_bias: api.endless };
    const begun = client.chat.completions.create({ ...long, stream: true });
    const controller = new AbortController();
    // While the engine is paused, no answer can reach its end.
    await whilePaused(async () => {
      const whole = client.chat.completions.create(long, { signal: controller.signal });
      await expect.poll(async () => (await since()).length).toBe(2);
      controller.abort();
      await expect(whole).rejects.toThrow(OpenAI.APIUserAbortError);
      (await begun).controller.abort();
      await expect
        .poll(async () => (await since()).map(({ status }) => status), { timeout: 20_000 })
        .toEqual(['stopped', 'stopped']);
    }, begun);
    for (const { completionIds } of await since()) expect(completionIds.length).toBeLessThan(900);
  });
});

describe('a text completion', () => {
  it('begins with exactly one bos token if the base needs one', async () => {
    const { tokenizer, textStart } = await loadBase(api.model);
    if (!realModel) expect(textStart).toEqual([256]);
    const promptIds = async (prompt: string) => {
      const completion = await client.completions.create({ model: 'base', prompt, max_tokens: 1 });
      return (await rowOf(idsOf(completion)[0]!)).promptIds;
    };
    const ids = [...textStart, ...tokenizer.encode('Once upon')];
    expect(await promptIds('Once upon')).toEqual(ids);
    expect(await promptIds(`${tokenizer.decode(textStart)}Once upon`)).toEqual(ids);
  });

  it('continues a prompt as it is, with log-probabilities and offsets', async () => {
    const prompt = 'The capital of France is';
    const completion = await client.completions.create({
      ...{ model: 'base', prompt, max_tokens: 12, temperature: 0, logprobs: 3 },
    });
    expect(schemas.TextCompletion.parse(completion)).toEqual(completion);
    const [choice] = completion.choices;
    const { tokens, text_offset, top_logprobs } = choice!.logprobs!;
    expect(tokens!.join('')).toBe(choice!.text);
    expect(text_offset!.map((at, index) => choice!.text.slice(at, at + tokens![index]!.length))).toEqual(tokens);
    expect(Object.keys(top_logprobs![0]!).length).toBeLessThanOrEqual(3);
    let streamed = '';
    const stream = await client.completions.create({
      ...{ model: 'base', prompt, max_tokens: 12, temperature: 0 },
      stream: true,
    });
    for await (const chunk of stream) streamed += chunk.choices[0]?.text ?? '';
    expect(streamed).toBe(choice!.text);
  });
});

describe('models', () => {
  it('lists the alias and the base, and finds each', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(['champion', 'base']);
    expect(await client.models.retrieve('base')).toMatchObject({ id: 'base', object: 'model', owned_by: 'attune' });
    expect(await errorOf(client.models.retrieve('gpt-4o'))).toMatchObject({ status: 404, code: 'model_not_found' });
  });
});

describe('feedback', () => {
  it("by generation id is stored as the thumb and the comparison of the key's owner", async () => {
    const completion = await chat({ n: 2, temperature: 1.2 });
    const [one, other] = idsOf(completion);
    const thumb = await post('feedback', { kind: 'thumb', generation_id: one, value: -1, reasons: ['incorrect'] });
    expect(FeedbackResponse.parse(await thumb.json())).toMatchObject({ comparison_id: null });
    const choice = await post('feedback', {
      ...{ kind: 'comparison', preferred_generation_id: other, other_generation_id: one },
    });
    const { comparison_id } = FeedbackResponse.parse(await choice.json());
    const rows = await db.select().from(feedback);
    expect(rows.find((row) => row.generationId === one)).toMatchObject({
      value: { up: false, reasons: ['incorrect'] },
    });
    expect(rows.find((row) => row.comparisonId === comparison_id)).toMatchObject({
      value: { choice: 'right' },
    });
  });

  it("on someone else's answer is refused as not found", async () => {
    const response = await post('feedback', { kind: 'thumb', generation_id: randomUUID(), value: 1 });
    expect(response.status).toBe(404);
  });
});
