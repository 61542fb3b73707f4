// Feedback in the chat: a thumb, a preferred sibling, and a choice between two answers shown at once.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparison, feedback } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Api, answerTo, assemble, callAs, createUser, createWorld, readStream, send, type World } from './world';

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
    const third = await ada.chat.regenerate({ messageId: first.messageId, clientMessageId: randomUUID() });
    const view = await ada.conversation.get({ id: first.conversationId });
    // Each says whose place it was asked to take, whichever came before it.
    const replaced = new Map(view.messages.map(({ id, replacesId }) => [id, replacesId]));
    expect(replaced.get(third.answers[0]!.messageId)).toBe(first.messageId);
    expect(replaced.get(first.messageId)).toBeNull();
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
