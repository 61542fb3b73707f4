// Consent to training: stored with the first message or not at all, and no feedback is requested unless it can be used.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversation, feedback, user } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { moveHistory } from '@/server/services/account/guest';
import { type Api, callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let api: Api;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  await callAs(web, await createUser(web, 'admin'), 'admin').admin.setSettings({ comparisonShare: 1 });
});
afterAll(() => world?.close());

const storedConsent = async (id: string) =>
  (await web.product.db.select().from(conversation).where(eq(conversation.id, id)))[0]?.allowTraining;
const newPerson = async () => {
  const id = await createUser(web);
  api = callAs(web, id);
  return id;
};

describe('consent', () => {
  it('is that of the first message, whatever a later one says, and becomes the account’s default', async () => {
    await newPerson();
    expect(await api.account.get()).toMatchObject({ allowTraining: null });
    const first = await send(api, 'Private', { allowTraining: false, sampling: { maxTokens: 1 } });
    expect(first.allowTraining).toBe(false);
    expect(await storedConsent(first.conversationId)).toBe(false);
    expect(await api.account.get()).toMatchObject({ allowTraining: false });
    await readStream(api, first.answers[0]!);
    const { messageId } = first.answers[0]!;
    await send(api, 'More', { conversationId: first.conversationId, parentId: messageId, allowTraining: true });
    expect(await storedConsent(first.conversationId)).toBe(false);
    const other = await send(api, 'Public', { allowTraining: true });
    expect(await storedConsent(other.conversationId)).toBe(true);
    expect(await api.account.get()).toMatchObject({ allowTraining: false });
    await api.account.setAllowTraining({ allowTraining: true });
    expect(await api.account.get()).toMatchObject({ allowTraining: true });
    expect(await storedConsent(first.conversationId)).toBe(false);
  });

  it('that was neither given nor refused begins no conversation', async () => {
    await newPerson();
    const conversationId = randomUUID();
    const message = { conversationId, parentId: null, clientMessageId: randomUUID(), text: 'Hi' };
    await expect(api.chat.send(message)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await storedConsent(conversationId)).toBeUndefined();
  });

  it('can be withdrawn by a repeated first message, but not given', async () => {
    await newPerson();
    const turn = { conversationId: randomUUID(), clientMessageId: randomUUID() };
    await send(api, 'Hi', { ...turn, allowTraining: true });
    const again = await send(api, 'Hi', { ...turn, allowTraining: false });
    expect([again.allowTraining, await storedConsent(turn.conversationId)]).toEqual([false, false]);
    const late = await send(api, 'Hi', { ...turn, allowTraining: true });
    expect([late.allowTraining, await storedConsent(turn.conversationId)]).toEqual([false, false]);
  });

  it('follows a guest into an account that has not chosen, and does not change an account that has', async () => {
    const setOf = async (allowTraining: boolean | null) => {
      const id = await createUser(web);
      await web.product.db.update(user).set({ allowTraining }).where(eq(user.id, id));
      return id;
    };
    for (const [guest, account, after] of [
      [false, null, false],
      [true, false, false],
      [null, true, true],
    ] as const) {
      const id = await setOf(account);
      await moveHistory(web.product.db, await setOf(guest), id);
      expect(await callAs(web, id).account.get()).toMatchObject({ allowTraining: after });
    }
  });
});

describe('without consent', () => {
  it('no one is asked to compare', async () => {
    await newPerson();
    const withheld = await send(api, 'Private', { allowTraining: false });
    expect([withheld.answers.length, withheld.comparisonId]).toEqual([1, null]);
    const given = await send(api, 'Public', { allowTraining: true });
    expect([given.answers.length, given.comparisonId === null]).toEqual([2, false]);
  });
});

describe('a vote', () => {
  it('between two answers is deleted by its undo, and the comparison is open again', async () => {
    await newPerson();
    const sent = await send(api, 'Two', { sampling: { maxTokens: 2 } });
    for (const answer of sent.answers) await readStream(api, answer);
    const comparisonId = sent.comparisonId!;
    await api.feedback.give({ kind: 'comparison', comparisonId, value: { choice: 'right' } });
    const rows = () => web.product.db.select().from(feedback).where(eq(feedback.comparisonId, comparisonId));
    expect(await rows()).toHaveLength(1);
    const stranger = callAs(web, await createUser(web));
    await expect(stranger.feedback.withdraw({ kind: 'comparison', comparisonId })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await api.feedback.withdraw({ kind: 'comparison', comparisonId });
    expect(await rows()).toEqual([]);
    const { comparisons } = await api.conversation.get({ id: sent.conversationId });
    expect(comparisons).toMatchObject([{ id: comparisonId, source: 'side_by_side', choice: null }]);
  });

  it('for a regenerated answer leaves nothing behind when it is undone', async () => {
    await newPerson();
    const sent = await send(api, 'Again', { allowTraining: false, sampling: { maxTokens: 2 } });
    await readStream(api, sent.answers[0]!);
    const again = await api.chat.regenerate({
      messageId: sent.answers[0]!.messageId,
      clientMessageId: randomUUID(),
    });
    await readStream(api, again.answers[0]!);
    const { comparisonId } = await api.feedback.give({
      kind: 'comparison',
      leftGenerationId: again.answers[0]!.generationId,
      rightGenerationId: sent.answers[0]!.generationId,
      value: { choice: 'left' },
    });
    await api.feedback.withdraw({ kind: 'comparison', comparisonId: comparisonId! });
    expect((await api.conversation.get({ id: sent.conversationId })).comparisons).toEqual([]);
  });

  it('by thumb keeps its comment until it is removed', async () => {
    await newPerson();
    const sent = await send(api, 'Thumb', { allowTraining: false, sampling: { maxTokens: 2 } });
    const { generationId } = sent.answers[0]!;
    await readStream(api, sent.answers[0]!);
    const shown = async () => {
      const { messages } = await api.conversation.get({ id: sent.conversationId });
      const { thumb, reasons, comment } = messages[1]!.generation!;
      return { thumb, reasons, comment };
    };
    const give = (value: { up: boolean; reasons?: string[] }, comment?: string | null) =>
      api.feedback.give({ kind: 'thumb', generationId, value, comment });
    await give({ up: true, reasons: ['clear'] }, '  four blanks stay');
    expect(await shown()).toEqual({ thumb: 1, reasons: ['clear'], comment: '  four blanks stay' });
    await give({ up: false });
    expect(await shown()).toEqual({ thumb: -1, reasons: [], comment: '  four blanks stay' });
    await give({ up: false }, null);
    expect(await shown()).toEqual({ thumb: -1, reasons: [], comment: null });
  });
});
