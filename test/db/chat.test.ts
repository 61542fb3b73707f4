// A message, its answers, and feedback on them, through the routers, on real Postgres and the real engine.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparison, feedback, generation, message, setting } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';
import { type Api, assemble, callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let ada: Api;
let adaId: string;
let bob: Api;
let admin: Api;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  adaId = await createUser(web);
  ada = callAs(web, adaId);
  bob = callAs(web, await createUser(web));
  admin = callAs(web, await createUser(web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());

const rowOf = async (id: string) => (await web.product.db.select().from(generation).where(eq(generation.id, id)))[0]!;
const answerTo = async (api: Api, text: string, turn: Parameters<typeof send>[2] = {}) => {
  const sent = await send(api, text, turn);
  const events = await readStream(api, sent.answers[0]!);
  return { ...sent, ...sent.answers[0]!, text: assemble(events), events };
};

describe('a message', () => {
  it('becomes a streamed answer and a row that holds everything that the answer came from', async () => {
    const { generationId, conversationId, text, events } = await answerTo(ada, 'Hello');
    const row = await rowOf(generationId);
    expect(row).toMatchObject({ status: 'done', versionId: 'base', userId: adaId, arm: 'champion', propensity: 1 });
    expect(row.promptIds).toEqual(web.product.base.renderPrompt([{ role: 'user', content: 'Hello' }]));
    expect(row.completionIds.length).toBeGreaterThan(0);
    expect(row.logprobs).toHaveLength(row.completionIds.length);
    expect(events.at(-1)).toEqual(['end', { type: 'end', status: 'done', finishReason: row.finishReason, text }]);
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

describe('other people', () => {
  it('cannot see, continue, judge, stop or find what is not theirs', async () => {
    const mine = await answerTo(ada, 'A secret walrus');
    const { conversationId, messageId, generationId } = mine;
    const notFound = { code: 'NOT_FOUND' };
    await expect(bob.conversation.get({ id: conversationId })).rejects.toMatchObject(notFound);
    await expect(bob.conversation.rename({ id: conversationId, title: 'x' })).rejects.toMatchObject(notFound);
    await expect(bob.conversation.remove({ id: conversationId })).rejects.toMatchObject(notFound);
    await expect(bob.conversation.setAllowTraining({ id: conversationId, allowTraining: false })).rejects.toMatchObject(
      notFound,
    );
    await expect(send(bob, 'Hi', { conversationId })).rejects.toMatchObject(notFound);
    await expect(send(bob, 'Hi', { parentId: messageId })).rejects.toMatchObject(notFound);
    await expect(bob.chat.regenerate({ messageId, clientMessageId: randomUUID() })).rejects.toMatchObject(notFound);
    await expect(readStream(bob, { generationId })).rejects.toMatchObject(notFound);
    await expect(bob.chat.stop({ generationId })).rejects.toMatchObject(notFound);
    await expect(bob.feedback.give({ kind: 'thumb', generationId, value: { up: true } })).rejects.toMatchObject(
      notFound,
    );
    const again = await ada.chat.regenerate({ messageId, clientMessageId: randomUUID() });
    const pair = { leftGenerationId: generationId, rightGenerationId: again.answers[0]!.generationId };
    await expect(bob.feedback.give({ kind: 'comparison', ...pair, value: { choice: 'left' } })).rejects.toMatchObject(
      notFound,
    );
    expect((await bob.conversation.list({ query: 'walrus' })).items).toEqual([]);
    expect((await ada.conversation.list({ query: 'WALRUS' })).items).toHaveLength(1);
  });

  it('without a login or without the role are refused; unknown ids are named', async () => {
    const nobody = createCaller({ product: web.product, user: null });
    await expect(send(nobody, 'Hi')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(ada.admin.overview()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const id = randomUUID();
    await expect(
      ada.feedback.give({ kind: 'comparison', comparisonId: id, value: { choice: 'left' } }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(id),
    });
    await expect(ada.feedback.give({ kind: 'thumb', generationId: 'x', value: { up: true } })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });
});

describe('feedback', () => {
  it('is one current thumb per person and answer, and its author is whoever is logged in', async () => {
    const { generationId, conversationId } = await answerTo(ada, 'Thumb');
    const up = { kind: 'thumb', generationId, value: { up: true } } as const;
    await ada.feedback.give(up);
    // No field names an author.
    await expect(ada.feedback.give({ ...up, userId: 'bob' } as typeof up)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    const down = { kind: 'thumb' as const, generationId, value: { up: false, reasons: ['too long'] } };
    await Promise.all([ada.feedback.give(down), ada.feedback.give(down)]);
    const rows = await web.product.db.select().from(feedback).where(eq(feedback.generationId, generationId));
    expect(rows).toMatchObject([{ userId: adaId, value: { up: false, reasons: ['too long'] } }]);
    const { messages } = await ada.conversation.get({ id: conversationId });
    expect(messages[1]!.generation).toMatchObject({ thumb: -1, reasons: ['too long'] });
    await ada.feedback.withdraw({ kind: 'thumb', generationId });
    expect(await web.product.db.select().from(feedback).where(eq(feedback.generationId, generationId))).toEqual([]);
  });

  it('that prefers a regenerated sibling is one comparison, whichever answer is the preferred one', async () => {
    const first = await answerTo(ada, 'Again');
    const clientMessageId = randomUUID();
    const [again, twice] = await Promise.all([
      ada.chat.regenerate({ messageId: first.messageId, clientMessageId }),
      ada.chat.regenerate({ messageId: first.messageId, clientMessageId }),
    ]);
    expect(twice).toEqual(again);
    expect(again.userMessageId).toBe(first.userMessageId);
    const other = again.answers[0]!.generationId;
    await readStream(ada, { generationId: other });
    const prefer = (leftGenerationId: string, rightGenerationId: string) =>
      ada.feedback.give({ kind: 'comparison', leftGenerationId, rightGenerationId, value: { choice: 'left' } });
    const one = await prefer(other, first.generationId);
    const two = await prefer(first.generationId, other);
    expect(two).toEqual(one);
    const view = await ada.conversation.get({ id: first.conversationId });
    expect(view.comparisons).toEqual([
      {
        id: one.comparisonId,
        leftMessageId: first.messageId,
        rightMessageId: again.answers[0]!.messageId,
        source: 'regenerate',
        choice: 'left',
        strength: null,
        comment: null,
      },
    ]);
  });

  it('on two answers does not show their versions until the choice', async () => {
    await admin.admin.setSettings({ comparisonShare: 1 });
    const sent = await send(ada, 'Two of them');
    await admin.admin.setSettings({ comparisonShare: 0 });
    expect(sent.answers).toHaveLength(2);
    const [left, right] = await Promise.all(sent.answers.map((answer) => readStream(ada, answer)));
    expect(assemble(left!)).not.toBe(assemble(right!));
    const versions = async () =>
      (await ada.conversation.get({ id: sent.conversationId })).messages.flatMap((m) =>
        m.generation ? [m.generation.versionId] : [],
      );
    expect(await versions()).toEqual([null, null]);
    await expect(
      bob.feedback.give({ kind: 'comparison', comparisonId: sent.comparisonId!, value: { choice: 'left' } }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await ada.feedback.give({ kind: 'comparison', comparisonId: sent.comparisonId!, value: { choice: 'both_bad' } });
    expect(await versions()).toEqual(['base', 'base']);
    const [pair] = await web.product.db.select().from(comparison).where(eq(comparison.id, sent.comparisonId!));
    expect([pair!.leftGenerationId, pair!.rightGenerationId]).toEqual(sent.answers.map((a) => a.generationId));
  });
});

describe('settings and consent', () => {
  it('change key by key, number the versions of the rules, and leave an audit row that names only what differs', async () => {
    const before = await admin.admin.settings();
    const { comparisonShare, constraints, sampling } = before;
    const after = await admin.admin.setSettings({
      comparisonShare,
      sampling,
      systemPrompt: 'Be brief.',
      constraints: { ...constraints, rules: [] },
    });
    expect(after).toEqual({
      ...before,
      systemPrompt: 'Be brief.',
      constraints: { rules: [], version: constraints.version + 1 },
    });
    const { items } = await admin.admin.audit({});
    expect(items[0]).toMatchObject({ action: 'settings.change', actorName: 'Ada' });
    expect(items[0]!.subject.split(', ').sort()).toEqual(['constraints', 'systemPrompt']);
    await admin.admin.setSettings({ systemPrompt: null, constraints });
    expect(await web.product.db.select().from(setting).where(eq(setting.key, 'systemPrompt'))).toMatchObject([
      { value: null },
    ]);
  });

  it('the overview distinguishes a working trainer from one that has gone', async () => {
    const trainer = async () => (await admin.admin.overview()).trainer;
    expect(await trainer()).toEqual({ alive: false, lastHeartbeat: null, lacks: null });
    const { db } = web.product;
    await db.insert(setting).values({ key: 'trainer', value: { lacks: 'It lacks a compiler.' } });
    expect(await trainer()).toMatchObject({ alive: true, lacks: 'It lacks a compiler.' });
    await db
      .update(setting)
      .set({ updatedAt: new Date(Date.now() - 60_000) })
      .where(eq(setting.key, 'trainer'));
    expect(await trainer()).toMatchObject({ alive: false });
  });

  it('a conversation can be renamed, withheld from training, and removed with all that belongs to it', async () => {
    const { conversationId } = await answerTo(ada, 'Remove me');
    // Two hundred characters in any script, counted as the input field counts them.
    await ada.conversation.rename({ id: conversationId, title: '名'.repeat(200) });
    await expect(ada.conversation.rename({ id: conversationId, title: '名'.repeat(201) })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('201 characters; the limit is 200'),
    });
    await ada.conversation.rename({ id: conversationId, title: ' Mine ' });
    await ada.conversation.setAllowTraining({ id: conversationId, allowTraining: false });
    expect(await ada.conversation.get({ id: conversationId })).toMatchObject({ title: 'Mine', allowTraining: false });
    await ada.conversation.remove({ id: conversationId });
    expect(await web.product.db.select().from(message).where(eq(message.conversationId, conversationId))).toEqual([]);
  });

  it('the list pages through every conversation once', async () => {
    const carl = callAs(web, await createUser(web));
    for (let i = 0; i < 35; i++) await send(carl, `Number ${i}`, { sampling: { maxTokens: 1 } });
    const first = await carl.conversation.list({});
    const second = await carl.conversation.list({ cursor: first.nextCursor });
    expect(first.items).toHaveLength(30);
    expect(second.nextCursor).toBeNull();
    expect(new Set([...first.items, ...second.items].map((item) => item.id)).size).toBe(35);
  });
});
