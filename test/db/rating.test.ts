// The rating workplace over real Postgres: places, locks, blind checks and repeats, skip, undo, withdrawal, disagreement.
import { randomUUID } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import english from '@/app/i18n/en.json';
import japanese from '@/app/i18n/ja.json';
import type { TaskAnswer } from '@/core/feedback/task-answers';
import { groupBy } from '@/core/group-by';
import { conversation, feedback, feedbackHistory, ratingAssignment, ratingTask, snapshot } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Api, callAs, createUser, createWorld, readStream, send, type World } from './world';

let world: World;
let web: WebProcess;
let adminId: string;
let admin: Api;
/** What the product draws next: 1 mixes in neither checks nor repeats, and leaves two completions in their order. */
let drawn = 0.999;

const NEITHER = 0.999;
const SHARES = { lockMinutes: 15, overlapShare: 1, overlapRaters: 3, goldShare: 0.1, repeatShare: 0.1 };
const [CHECK, REPEAT] = [0.05, 0.15];

beforeAll(async () => {
  world = await createWorld({ seed: 1 }, () => drawn);
  web = world.web;
  adminId = await createUser(web, 'admin');
  admin = callAs(web, adminId, 'admin');
});
afterAll(() => world?.close());
beforeEach(async () => {
  drawn = NEITHER;
  await web.product.db.delete(ratingTask);
  await admin.admin.setSettings({ rating: SHARES });
});

const newRater = async () => {
  const id = await createUser(web, 'rater');
  return { id, api: callAs(web, id, 'rater') };
};
const upload = async (lines: object[]) =>
  (
    await admin.ratingAdmin.uploadPrompts({
      name: 'set',
      format: 'jsonl',
      content: lines.map((line) => JSON.stringify(line)).join('\n'),
    })
  ).id;
const pairs = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ prompt: `Question ${at}`, answers: [`Good ${at}`, `Bad ${at}`] }));
/** `raters` answers are needed for each. */
async function makeTasks(kind: 'compare' | 'rate' | 'write' | 'correct' | 'rank', lines: object[], raters = 1) {
  await admin.admin.setSettings({
    rating: { ...SHARES, overlapShare: raters > 1 ? 1 : 0, overlapRaters: Math.max(2, raters) },
  });
  return admin.ratingAdmin.createTasks({ kind, promptSetId: await upload(lines), count: 100 });
}
const choose = (api: Api, assignmentId: string, choice: 'left' | 'right' | 'tie') =>
  api.rating.answer({ assignmentId, answer: { kind: 'compare', value: { choice } } });
/** Chooses the completion that begins with this word, on whichever side it is. */
async function prefer(api: Api, word: string) {
  const task = (await api.rating.claim())!;
  await choose(api, task.assignmentId, task.completions[0]!.startsWith(word) ? 'left' : 'right');
  return task;
}
const expire = (assignmentId: string) =>
  web.product.db
    .update(ratingAssignment)
    .set({ lockedUntil: sql`now() - interval '1 second'` })
    .where(eq(ratingAssignment.id, assignmentId));
const liveOf = (userId: string) => web.product.db.select().from(feedback).where(eq(feedback.userId, userId));

describe('a place', () => {
  it('is for raters and admins only, and a user who is neither gets FORBIDDEN', async () => {
    const person = callAs(web, await createUser(web));
    await expect(person.rating.claim()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(callAs(web, await createUser(web, 'rater'), 'rater').ratingAdmin.tasks()).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await (await newRater()).api.rating.claim()).toBeNull();
  });

  it('is taken by exactly as many of 20 raters at once as the task needs', async () => {
    await makeTasks('compare', pairs(2), 3);
    const raters = await Promise.all(Array.from({ length: 20 }, newRater));
    const claimed = await Promise.all(raters.map(({ api }) => api.rating.claim()));
    // 2 tasks for 3 raters each.
    expect(claimed.filter((task) => task !== null)).toHaveLength(6);
    const rows = await web.product.db.select().from(ratingAssignment);
    const byTask = groupBy(rows, ({ taskId }) => taskId).values();
    for (const own of byTask) expect(own).toHaveLength(3);
    expect(new Set(rows.map(({ taskId, userId }) => taskId + userId)).size).toBe(6);
  });

  it('stays with its rater: claiming twice at once gives one task', async () => {
    await makeTasks('compare', pairs(2));
    const { api } = await newRater();
    const [one, two] = await Promise.all([api.rating.claim(), api.rating.claim()]);
    expect(one!.assignmentId).toBe(two!.assignmentId);
    expect(await web.product.db.select().from(ratingAssignment)).toHaveLength(1);
  });

  it('of an expired lock goes to the next rater; the late answer is then refused, and accepted while it is free', async () => {
    await makeTasks('compare', pairs(1));
    const [slow, next] = [await newRater(), await newRater()];
    const { assignmentId } = (await slow.api.rating.claim())!;
    expect(await next.api.rating.claim()).toBeNull();
    await expire(assignmentId);
    const taken = (await next.api.rating.claim())!;
    await expect(choose(slow.api, assignmentId, 'left')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await liveOf(slow.id)).toEqual([]);
    await expire(taken.assignmentId);
    await choose(slow.api, assignmentId, 'left');
    expect(await liveOf(slow.id)).toMatchObject([{ kind: 'comparison', source: 'workplace', assignmentId }]);
    await expect(choose(next.api, taken.assignmentId, 'left')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('in a task that is asked for by name is in that task or in none: no check stands in for it', async () => {
    await makeTasks('compare', [{ prompt: 'Known', answers: ['Good', 'Bad'], truth: { choice: 'left' } }]);
    const { api } = await newRater();
    expect(await api.rating.claim({ taskId: randomUUID() })).toBeNull();
    expect(await api.rating.claim()).not.toBeNull();
  });

  it('of another rater cannot be answered, skipped or undone', async () => {
    await makeTasks('compare', pairs(1));
    const [one, other] = [await newRater(), await newRater()];
    const { assignmentId } = (await one.api.rating.claim())!;
    const refused = { code: 'NOT_FOUND' };
    await expect(choose(other.api, assignmentId, 'left')).rejects.toMatchObject(refused);
    await expect(other.api.rating.skip({ assignmentId, reason: 'other' })).rejects.toMatchObject(refused);
    await expect(other.api.rating.undo({ assignmentId })).rejects.toMatchObject(refused);
  });

  it('is free again after a skip, for everyone but the rater who skipped', async () => {
    await makeTasks('compare', pairs(1));
    const [one, other] = [await newRater(), await newRater()];
    const { assignmentId } = (await one.api.rating.claim())!;
    await one.api.rating.skip({ assignmentId, reason: 'language' });
    expect(await one.api.rating.claim()).toBeNull();
    expect(await other.api.rating.claim()).not.toBeNull();
    const { items } = await admin.ratingAdmin.tasks();
    expect(items).toMatchObject([{ skipped: 1, done: 0 }]);
  });
});

describe('an answer', () => {
  it('is stored by completion, whichever side the rater saw it on, once for a double submission', async () => {
    await makeTasks('compare', pairs(1), 2);
    const [one, two] = [await newRater(), await newRater()];
    drawn = NEITHER; // keeps the order
    const first = (await one.api.rating.claim())!;
    drawn = 0.4; // shuffles two completions into the other order
    const second = (await two.api.rating.claim())!;
    expect(first.completions).toEqual([...second.completions].reverse());
    await Promise.all([choose(one.api, first.assignmentId, 'left'), choose(one.api, first.assignmentId, 'left')]);
    await choose(two.api, second.assignmentId, 'right');
    const [a, b] = [await liveOf(one.id), await liveOf(two.id)];
    expect([a.length, b.length]).toEqual([1, 1]);
    expect(a[0]!.value).toEqual(b[0]!.value);
    const history = await web.product.db.select().from(feedbackHistory).where(eq(feedbackHistory.userId, one.id));
    expect(history).toHaveLength(1);
  });

  it('of every kind becomes feedback of its kind', async () => {
    const [questionnaireId] = [
      (
        await admin.ratingAdmin.writeQuestionnaire({
          name: 'quality',
          isForChat: false,
          questions: [{ id: 'rude', kind: 'flaw', weight: 0.5, text: { en: 'Rude', ja: '失礼' } }],
        })
      ).id,
    ];
    const set = await upload([{ prompt: 'One', answers: ['A', 'B', 'C'] }]);
    const answers: Record<string, TaskAnswer> = {
      rate: { kind: 'rate', value: { rating: 7 } },
      rank: { kind: 'rank', value: { order: [[2], [0, 1]] } },
      questionnaire: { kind: 'questionnaire', value: { answers: { rude: true } } },
      write: { kind: 'write', value: { text: 'Mine' } },
      correct: { kind: 'correct', value: { text: 'Better' } },
    };
    const stored = {
      rate: 'rating',
      rank: 'ranking',
      questionnaire: 'questionnaire',
      write: 'demonstration',
      correct: 'correction',
    };
    await admin.admin.setSettings({ rating: { ...SHARES, overlapShare: 0 } });
    for (const kind of ['rate', 'rank', 'questionnaire', 'write', 'correct'] as const) {
      await web.product.db.delete(ratingTask);
      const { created } = await admin.ratingAdmin.createTasks({ kind, promptSetId: set, count: 9, questionnaireId });
      expect(created).toBe(1);
      const { id, api } = await newRater();
      const { assignmentId, completions } = (await api.rating.claim())!;
      await api.rating.answer({ assignmentId, answer: answers[kind]!, comment: 'because' });
      expect(await liveOf(id)).toMatchObject([{ kind: stored[kind], comment: 'because', source: 'workplace' }]);
      const past = (await api.rating.past({ back: 1 }))!;
      expect(past).toMatchObject({ completions, given: { answer: answers[kind]!, comment: 'because' } });
    }
    const { api } = await newRater();
    await web.product.db.delete(ratingTask);
    await admin.ratingAdmin.createTasks({ kind: 'rank', promptSetId: set, count: 9 });
    const { assignmentId } = (await api.rating.claim())!;
    const bad: TaskAnswer[] = [
      answers.rate!,
      { kind: 'rank', value: { order: [[0], [1]] } },
      { kind: 'rank', value: { order: [[0], [1], [5]] } },
    ];
    for (const answer of bad)
      await expect(api.rating.answer({ assignmentId, answer })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('can be changed and taken back until a snapshot has used it, and its history stays', async () => {
    await makeTasks('compare', pairs(1));
    const { id, api } = await newRater();
    const { assignmentId } = (await api.rating.claim())!;
    await choose(api, assignmentId, 'left');
    await choose(api, assignmentId, 'tie');
    expect(await liveOf(id)).toMatchObject([{ value: { choice: 'tie' } }]);
    const again = await api.rating.undo({ assignmentId });
    expect([again.assignmentId, again.given, await liveOf(id)]).toEqual([assignmentId, null, []]);
    await choose(api, assignmentId, 'right');
    const values = await web.product.db.select().from(feedbackHistory).where(eq(feedbackHistory.userId, id));
    expect(values.map(({ value }) => value)).toMatchObject([
      { choice: 'left' },
      { choice: 'tie' },
      null,
      { choice: 'right' },
    ]);
    await web.product.db
      .insert(snapshot)
      .values({ id: crypto.randomUUID(), sha256: '', counts: {}, frozenUpTo: new Date(Date.now() + 60_000) });
    await expect(choose(api, assignmentId, 'left')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(api.rating.undo({ assignmentId })).rejects.toMatchObject({ code: 'CONFLICT' });
    await web.product.db.delete(snapshot);
  });
});

describe('a check and a repeat', () => {
  it('look like any other task, and leave no feedback', async () => {
    await makeTasks('compare', pairs(8));
    await upload([{ prompt: 'Known', answers: ['Good', 'Bad'], truth: { choice: 'left' } }]);
    const { id, api } = await newRater();
    const seen: string[][] = [];
    const work = async (draw: number) => {
      drawn = draw;
      const task = (await api.rating.claim())!;
      seen.push(Object.keys(task));
      drawn = NEITHER;
      await choose(api, task.assignmentId, task.completions[0]!.startsWith('Good') ? 'left' : 'right');
      return task;
    };
    const first = await work(NEITHER);
    const check = await work(CHECK);
    expect(check.prompt).toEqual([{ role: 'user', content: 'Known' }]);
    for (let at = 0; at < 4; at++) await work(NEITHER);
    const repeat = await work(REPEAT);
    expect(repeat.prompt).toEqual(first.prompt);
    expect(repeat.assignmentId).not.toBe(first.assignmentId);
    for (const keys of seen) expect(keys).toEqual(seen[0]);
    expect(JSON.stringify([check, repeat])).not.toMatch(/truth|gold|repeat|needed|priority|version":"/i);
    // 7 answers, of which the check and the repeat are no feedback.
    expect(await liveOf(id)).toHaveLength(5);
    // Known answer and repeat both agree; one pair each.
    expect(await api.rating.progress()).toMatchObject({
      withTruth: { mean: 1, count: 1 },
      withSelf: { mean: 1, count: 1 },
    });
    const [held] = await web.product.db
      .select({ allowTraining: conversation.allowTraining })
      .from(conversation)
      .where(eq(conversation.title, 'Known'));
    expect(held!.allowTraining).toBe(false);
  });
});

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

describe('a disagreement', () => {
  it('goes to someone who did not vote, who sees the votes and whose decision becomes the known answer', async () => {
    await makeTasks('compare', pairs(1), 2);
    const [one, two, trusted] = [await newRater(), await newRater(), await newRater()];
    const { assignmentId } = await prefer(one.api, 'Good');
    await prefer(two.api, 'Bad');
    expect(await trusted.api.rating.claim()).toBeNull();
    await admin.ratingAdmin.setStanding({ userId: trusted.id, standing: 'trusted', reason: 'careful' });
    await admin.ratingAdmin.setStanding({ userId: one.id, standing: 'trusted', reason: 'careful' });
    expect(await one.api.rating.claim()).toBeNull();
    expect(await admin.ratingAdmin.disagreements()).toMatchObject([{ kind: 'compare', votes: [{}, {}] }]);
    const task = (await trusted.api.rating.claim())!;
    expect(task).toMatchObject({ kind: 'adjudicate', answerKind: 'compare' });
    expect(task.votes!.map(({ answer }) => answer.value)).toEqual(
      expect.arrayContaining([{ choice: 'left' }, { choice: 'right' }]),
    );
    await choose(trusted.api, task.assignmentId, task.completions[0]!.startsWith('Good') ? 'left' : 'right');
    expect(await admin.ratingAdmin.disagreements()).toEqual([]);
    const agreementOf = async (id: string) =>
      (await admin.ratingAdmin.raters()).find((rater) => rater.id === id)!.withOthers?.count ?? 0;
    expect(await agreementOf(one.id)).toBe(1);
    const [vote] = await liveOf(two.id);
    await admin.admin.excludeFeedback({ id: vote!.id, reason: 'spite' });
    expect(await agreementOf(one.id)).toBe(0);
    await admin.admin.restoreFeedback({ id: vote!.id, reason: 'no spite' });
    expect(await one.api.rating.progress()).toMatchObject({ withTruth: { mean: 1 }, withOthers: { mean: 0 } });
    expect(await two.api.rating.progress()).toMatchObject({ withTruth: { mean: 0 } });
    await expect(choose(one.api, assignmentId, 'tie')).rejects.toMatchObject({ code: 'CONFLICT' });
    await admin.ratingAdmin.setStanding({ userId: two.id, standing: 'banned', reason: 'spite' });
    await expect(two.api.rating.claim()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(two.api.rating.past({ back: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('that is decided after its task opened again makes no check of it: the next answer is feedback', async () => {
    await makeTasks('compare', pairs(1), 2);
    const [one, two, next] = [await newRater(), await newRater(), await newRater()];
    const { assignmentId } = await prefer(one.api, 'Good');
    await prefer(two.api, 'Bad');
    const decision = (await admin.rating.claim())!;
    await one.api.rating.undo({ assignmentId });
    await one.api.rating.skip({ assignmentId, reason: 'unclear' });
    await choose(admin, decision.assignmentId, 'left');
    await prefer(next.api, 'Good');
    expect(await liveOf(next.id)).toMatchObject([{ kind: 'comparison', source: 'workplace' }]);
  });

  it('is dropped when a rater’s change of mind ends it', async () => {
    await makeTasks('compare', pairs(1), 2);
    const [one, two] = [await newRater(), await newRater()];
    await prefer(one.api, 'Good');
    const task = await prefer(two.api, 'Bad');
    expect(await admin.ratingAdmin.disagreements()).toHaveLength(1);
    await choose(two.api, task.assignmentId, task.completions[0]!.startsWith('Good') ? 'left' : 'right');
    expect(await admin.ratingAdmin.disagreements()).toEqual([]);
  });
});

describe('a written answer', () => {
  it('is reviewed by another rater; a rejected one is kept out of training until it is written anew', async () => {
    await makeTasks('write', [{ prompt: 'Write' }]);
    const [writer, reviewer] = [await newRater(), await newRater()];
    const task = (await writer.api.rating.claim())!;
    const write = (text: string) =>
      writer.api.rating.answer({ assignmentId: task.assignmentId, answer: { kind: 'write', value: { text } } });
    await write('First');
    expect(await writer.api.rating.claim()).toBeNull();
    const review = (await reviewer.api.rating.claim())!;
    expect(review).toMatchObject({ kind: 'review', written: 'First' });
    const verdict = { kind: 'review', value: { accept: false, reason: 'wrong' } } as const;
    await reviewer.api.rating.answer({ assignmentId: review.assignmentId, answer: verdict });
    expect((await liveOf(writer.id))[0]!.excludedAt).not.toBeNull();
    await write('Second');
    expect((await liveOf(writer.id))[0]).toMatchObject({ excludedAt: null, value: { text: 'Second' } });
    expect(await reviewer.api.rating.claim()).toMatchObject({ kind: 'review', written: 'Second' });
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
