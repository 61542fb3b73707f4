// What may become a rating task: chats whose owners consent to raters, and prompt sets that an admin uploads.
import { and, eq, sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import english from '@/app/i18n/en.json';
import japanese from '@/app/i18n/ja.json';
import { conversation, ratingTask, user } from '@/db/schema';
import { askTwice } from './judged';
import { admin, liveOf, makeTasks, newRater, openDesk, SHARES, web } from './rating-desk';
import { callAs, createUser, readStream, send } from './world';

openDesk();

describe('consent', () => {
  it('that is withdrawn in the middle ends the task: no answer is taken, and no one sees it any more', async () => {
    const owner = callAs(web, await createUser(web));
    const sent = await send(owner, 'Served', { sampling: { maxTokens: 4 } });
    await readStream(owner, sent.answers[0]!);
    await admin.admin.setSettings({ rating: { ...SHARES, overlapShare: 0 } });
    const made = await admin.ratingAdmin.createTasks({ kind: 'rate', promptSetId: null, count: 1000 });
    expect(made.created).toBeGreaterThan(0);
    const { id, api } = await newRater();
    const task = (await api.rating.claim())!;
    expect(task.prompt).toEqual([{ role: 'user', content: 'Served' }]);
    await owner.conversation.setAllowTraining({ id: sent.conversationId, allowTraining: false });
    const answer = { assignmentId: task.assignmentId, answer: { kind: 'rate', value: { rating: 3 } } } as const;
    await expect(api.rating.answer(answer)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect([await liveOf(id), await api.rating.claim(), (await admin.ratingAdmin.tasks()).items]).toEqual([
      [],
      null,
      [],
    ]);
  });

  it('that was given to words without raters shows them nothing, until it is given again', async () => {
    const owner = callAs(web, await createUser(web));
    const sent = await send(owner, 'From before', { sampling: { maxTokens: 4 } });
    await readStream(owner, sent.answers[0]!);
    const rateAll = () => admin.ratingAdmin.createTasks({ kind: 'rate', promptSetId: null, count: 1000 });
    await rateAll();
    const { api } = await newRater();
    const here = eq(conversation.id, sent.conversationId);
    await web.product.db.update(conversation).set({ readersNamed: false }).where(here);
    expect(await api.rating.claim()).toBeNull();
    await web.product.db.delete(ratingTask);
    expect((await rateAll()).created).toBe(0);
    await owner.conversation.setAllowTraining({ id: sent.conversationId, allowTraining: true });
    expect((await rateAll()).created).toBe(1);
    expect((await api.rating.claim())!.prompt).toEqual([{ role: 'user', content: 'From before' }]);
    await owner.conversation.remove({ id: sent.conversationId });
  });

  it('names who reads, wherever people give it', async () => {
    for (const [{ consent, settings }, words] of [
      [english, [/administrators/i, /raters/]],
      [japanese, [/管理者/, /評価者/]],
    ] as const)
      for (const sentence of [consent.explanation, consent.on, settings.consentText])
        for (const word of words) expect(sentence).toMatch(word);
  });

  it('is needed: private chats make no tasks, and one’s own chat is for others to judge', async () => {
    const raterId = await createUser(web, 'rater');
    const api = callAs(web, raterId, 'rater');
    for (const allowTraining of [false, true]) {
      const sent = await send(api, 'Own', { allowTraining, sampling: { maxTokens: 4 } });
      await readStream(api, sent.answers[0]!);
    }
    await admin.ratingAdmin.createTasks({ kind: 'rate', promptSetId: null, count: 1000 });
    const rows = await web.product.db
      .select({ title: conversation.title })
      .from(ratingTask)
      .innerJoin(
        conversation,
        sql`${conversation.id} = (select conversation_id from message where id = ${ratingTask.messageId})`,
      )
      .where(and(eq(conversation.userId, raterId)));
    expect(rows).toHaveLength(1);
    expect(await api.rating.claim()).toBeNull();
  });
});

describe('what a rater has given', () => {
  it('is listed with the words of others only while the rater may read them', async () => {
    const { db } = web.product;
    const owner = await createUser(web);
    const { messageId, one } = await askTwice(web, { of: owner, question: 'Private?' });
    const rater = await newRater();
    await db.insert(ratingTask).values({ kind: 'rate', messageId, generationIds: [one] });
    const task = (await rater.api.rating.claim())!;
    await rater.api.rating.answer({ assignmentId: task.assignmentId, answer: { kind: 'rate', value: { rating: 7 } } });
    const shown = async () => {
      const [item] = (await rater.api.feedback.mine()).items;
      expect(item).toMatchObject({ kind: 'rating', value: { rating: 7 } });
      return [item!.question, ...item!.answers.map(({ text }) => text)];
    };
    const readable = ['Private?', 'A plain answer.'];
    const hidden = [''];
    expect(await shown()).toEqual(readable);
    const setStanding = (standing: 'banned' | null) =>
      admin.ratingAdmin.setStanding({ userId: rater.id, standing, reason: 'Spam' });
    await setStanding('banned');
    expect(await shown()).toEqual(hidden);
    await setStanding(null);
    expect(await shown()).toEqual(readable);
    await db.update(user).set({ role: 'user' }).where(eq(user.id, rater.id));
    expect(await shown()).toEqual(hidden);
    await db.update(user).set({ role: 'rater' }).where(eq(user.id, rater.id));
    for (const column of ['readersNamed', 'allowTraining'] as const) {
      await db
        .update(conversation)
        .set({ [column]: false })
        .where(eq(conversation.userId, owner));
      expect(await shown()).toEqual(hidden);
      await db
        .update(conversation)
        .set({ [column]: true })
        .where(eq(conversation.userId, owner));
    }
    // A banned rater still reads their own chats.
    const own = await askTwice(web, { of: rater.id, question: 'Mine?' });
    await rater.api.feedback.give({ kind: 'rating', generationId: own.one, value: { rating: 2 } });
    await setStanding('banned');
    expect((await rater.api.feedback.mine()).items.map(({ question }) => question)).toEqual(['Mine?', '']);
    const acts = (await admin.admin.audit({})).items.filter(({ subject }) => subject === rater.id);
    expect(acts.map(({ action }) => action)).toEqual(['rater.ban', 'rater.reset', 'rater.ban']);
  });
});

describe('an uploaded set', () => {
  it('gets the answers that it lacks from served versions, and then its tasks', async () => {
    const { created, waiting } = await makeTasks('compare', [{ prompt: 'Hello' }]);
    expect([created, waiting]).toEqual([1, 1]);
    const { api } = await newRater();
    await expect
      .poll(() => api.rating.claim(), { timeout: 30_000 })
      .toMatchObject({ kind: 'compare', completions: { length: 2 } });
  });

  it('is refused as a whole, with the number of the line that is wrong', async () => {
    const content = '{"prompt":"a"}\n\n{"prompt":"b","truth":{"choice":"left"}}\n{"messages":[]}';
    const before = (await admin.ratingAdmin.promptSets()).length;
    await expect(admin.ratingAdmin.uploadPrompts({ name: 'x', format: 'jsonl', content })).rejects.toThrow(
      /^Line 3: a choice needs 2 answers.*\nLine 4: messages must have at least 1 item\.\nNothing was uploaded\.$/,
    );
    expect(await admin.ratingAdmin.promptSets()).toHaveLength(before);
  });
});
