// A message, its answer and its stream, through the routers, on real Postgres and the real engine.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generation } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Api, answerTo, assemble, callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let ada: Api;
let adaId: string;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  adaId = await createUser(web);
  ada = callAs(web, adaId);
  const admin = callAs(web, await createUser(web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());

const rowOf = async (id: string) => (await web.product.db.select().from(generation).where(eq(generation.id, id)))[0]!;

describe('a message', () => {
  it('becomes a streamed answer and a row that holds everything that the answer came from', async () => {
    const { generationId, conversationId, text, events } = await answerTo(ada, 'Hello');
    const row = await rowOf(generationId);
    expect(row).toMatchObject({ status: 'done', versionId: 'base', userId: adaId, arm: 'champion', propensity: 1 });
    expect(row.promptIds).toEqual(web.product.base.renderPrompt([{ role: 'user', content: 'Hello' }]));
    expect(row.completionIds.length).toBeGreaterThan(0);
    expect(row.logprobs).toHaveLength(row.completionIds.length);
    const end = { type: 'end', status: 'done', finishReason: row.finishReason, text, notices: [] };
    expect(events.at(-1)).toEqual(['end', end]);
    const { messages } = await ada.conversation.get({ id: conversationId });
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Hello'],
      ['assistant', text],
    ]);
    // The row is enough to replay the answer.
    const replay: number[] = [];
    const { promptIds, sampling, versionId } = row;
    for await (const event of web.product.engine.generate({
      requestId: randomUUID(),
      promptIds,
      sampling,
      versionId: versionId!,
    }))
      if (event.type === 'tokens') replay.push(...event.ids);
    expect(replay).toEqual(row.completionIds);
  });

  it('sent twice at once, and again later, has one set of rows', async () => {
    const turn = { conversationId: randomUUID(), clientMessageId: randomUUID() };
    const both = await Promise.all([send(ada, 'Once', turn), send(ada, 'Once', turn)]);
    await readStream(ada, both[0].answers[0]!);
    const later = await send(ada, 'Once', turn);
    expect(both[1]).toEqual(both[0]);
    expect(later).toEqual(both[0]);
    await expect(send(ada, 'Something else', turn)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(turn.clientMessageId),
    });
    expect((await ada.conversation.get({ id: turn.conversationId })).messages).toHaveLength(2);
  });

  it('under an answer carries the conversation into the prompt', async () => {
    const first = await answerTo(ada, 'One');
    const second = await answerTo(ada, 'Two', { conversationId: first.conversationId, parentId: first.messageId });
    const decoded = web.product.base.tokenizer.decode((await rowOf(second.generationId)).promptIds);
    expect(decoded).toContain('One');
    expect(decoded).toContain('Two');
  });

  it.each([
    ['nothing but blanks', ' \n ', 'empty'],
    ['half a surrogate pair', 'a\uD83D b', 'U+D83D at position 1'],
    ['U+0000', 'a\0', 'U+0000'],
  ])('of %s is refused with a sentence and leaves no conversation', async (_name, text, sentence) => {
    const conversationId = randomUUID();
    await expect(send(ada, text, { conversationId })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining(sentence),
    });
    await expect(ada.conversation.get({ id: conversationId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that is too long is refused with both numbers; in a long conversation old turns are dropped', async () => {
    // The tiny model has 1024 positions and one token per byte.
    // The answer may have half of them, and <|im_start|>user\n … <|im_end|>\n<|im_start|>assistant\n are 19.
    expect(await ada.chat.limits()).toEqual({ messageTokens: 749 });
    const conversationId = randomUUID();
    await expect(send(ada, 'y'.repeat(2000), { conversationId })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: 'The message takes 2000 tokens; 749 fit with the answer. Shorten it or send it in parts.',
    });
    // A text with more than eight bytes for each token that fits is refused without counting its tokens.
    await expect(send(ada, 'x'.repeat(2 ** 20), { conversationId })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      message: expect.stringContaining('1048576 bytes'),
    });
    await expect(ada.conversation.get({ id: conversationId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    let last = await answerTo(ada, `first ${'a'.repeat(400)}`, { sampling: { maxTokens: 8 } });
    for (const letter of ['b', 'c']) {
      last = await answerTo(ada, letter.repeat(400), {
        conversationId: last.conversationId,
        parentId: last.messageId,
        sampling: { maxTokens: 8 },
      });
    }
    const prompt = web.product.base.tokenizer.decode((await rowOf(last.generationId)).promptIds);
    expect(prompt).toContain('ccc');
    expect(prompt).toContain('bbb');
    expect(prompt).not.toContain('aaa');
    expect(prompt.startsWith('<|im_start|>user')).toBe(true);
  });

  it('as long as the composer is told that it may be does fit, to the last token', async () => {
    const { messageTokens } = await ada.chat.limits();
    // Three bytes per character, one token per byte.
    const fits = '日'.repeat(Math.floor(messageTokens / 3));
    expect(await ada.chat.measure({ text: fits })).toEqual({ tokens: 747, limit: messageTokens });
    await expect(send(ada, `${fits}xx`)).resolves.toBeTruthy();
    await expect(send(ada, `${fits}xxx`)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('keeps the blanks and line breaks around it, and its first words become the title', async () => {
    const text = '\n    def f():\n        pass\n';
    const { conversationId } = await answerTo(ada, text);
    const { title, messages } = await ada.conversation.get({ id: conversationId });
    expect(messages[0]!.content).toBe(text);
    expect(title).toBe('def f():');
  });

  it('whose answer hangs can be asked again in one step, which ends the hanging answer', async () => {
    const sent = await send(ada, 'Hang', { sampling: { maxTokens: 500, temperature: 1, seed: 3 } });
    const { generationId, messageId } = sent.answers[0]!;
    await readStream(ada, { generationId }, (events) => events.length >= 2);
    world.engine.child().kill('SIGSTOP');
    const again = await ada.chat
      .regenerate({ messageId, clientMessageId: randomUUID() })
      .finally(() => world.engine.child().kill('SIGCONT'));
    expect((await rowOf(generationId)).status).toBe('stopped');
    await readStream(ada, again.answers[0]!);
    expect((await rowOf(again.answers[0]!.generationId)).status).toBe('done');
  });

  it('with a stop string ends before it', async () => {
    const whole = await answerTo(ada, 'Stop?', { sampling: { maxTokens: 60, seed: 5 } });
    const stop = whole.text.slice(10, 12);
    const { text } = await answerTo(ada, 'Stop?', { sampling: { maxTokens: 60, seed: 5, stop: [stop] } });
    expect(text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
  });
});

describe('a stream', () => {
  it('that reconnects continues from a snapshot without loss or doubling, even after the end', async () => {
    const sent = await send(ada, 'Long', { sampling: { maxTokens: 400, temperature: 1, seed: 3 } });
    const input = sent.answers[0]!;
    const before = await readStream(ada, input, (events) => events.length >= 2);
    const after = await readStream(ada, { ...input, lastEventId: before.at(-1)![0] });
    expect(after[0]![1].type).toMatch(/snapshot/);
    expect(assemble(after).startsWith(assemble(before))).toBe(true);
    const again = await readStream(ada, input);
    expect(assemble(again)).toBe(assemble(after));
    expect(await readStream(ada, { ...input, lastEventId: 'end' })).toEqual([]);
  });

  it('that no one reads does not keep the answer from being written', async () => {
    const { answers } = await send(ada, 'Unread');
    await expect.poll(async () => (await rowOf(answers[0]!.generationId)).status).toBe('done');
  });

  it('ends with the text so far when it is stopped, and a second stop changes nothing', async () => {
    const { answers } = await send(ada, 'Stop me', { sampling: { maxTokens: 500, temperature: 1, seed: 3 } });
    const { generationId } = answers[0]!;
    await readStream(ada, { generationId }, (events) => events.length >= 2);
    world.engine.child().kill('SIGSTOP');
    try {
      expect(await ada.chat.stop({ generationId })).toEqual({ status: 'stopped' });
    } finally {
      world.engine.child().kill('SIGCONT');
    }
    const row = await rowOf(generationId);
    expect(row.finishReason).toBe('aborted');
    expect(row.completionIds.length).toBeGreaterThan(0);
    expect(row.completionIds.length).toBeLessThan(500);
    expect(await ada.chat.stop({ generationId })).toEqual({ status: 'stopped' });
  });
});
