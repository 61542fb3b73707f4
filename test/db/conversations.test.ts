// A conversation is its owner's: they rename, withhold, remove and list it, and to other people it does not exist.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { message } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';
import { type Api, answerTo, callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let ada: Api;
let bob: Api;

beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  ada = callAs(web, await createUser(web));
  bob = callAs(web, await createUser(web));
  const admin = callAs(web, await createUser(web, 'admin'), 'admin');
  await admin.admin.setSettings({ comparisonShare: 0 });
});
afterAll(() => world?.close());

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
