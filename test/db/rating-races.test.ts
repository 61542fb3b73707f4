// Votes over HTTP at awkward moments: twice, forged, late, two at once, and while what they are about is deleted.
import { asc, eq, or, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TaskAnswer } from '@/core/feedback/task-answers';
import { Sampling } from '@/core/sampling';
import {
  comparison,
  conversation,
  feedback,
  feedbackHistory,
  generation,
  message,
  ratingAssignment,
  ratingTask,
} from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { callAsNobody, enter, type Person, statusOf } from './people';
import { createWorld, type World } from './world';

/** How often each race is run, in either order. */
const TRIES = 12;
const SHARES = { lockMinutes: 15, overlapShare: 0, overlapRaters: 2, goldShare: 0, repeatShare: 0 };

let world: World;
let web: WebProcess;
let admin: Person;
let owner: Person;
let one: Person;
let two: Person;
let three: Person;
beforeAll(async () => {
  world = await createWorld({ seed: 1 }, () => 0.999);
  web = world.web;
  [admin, owner, one, two, three] = [
    await enter(web, 'admin'),
    await enter(web),
    await enter(web, 'rater'),
    await enter(web, 'rater'),
    await enter(web, 'rater'),
  ];
});
afterAll(() => world?.close());
beforeEach(async () => {
  const { db } = web.product;
  await db.delete(ratingTask);
  await db.delete(feedback);
  await db.delete(feedbackHistory);
  await admin.api.admin.setSettings.mutate({ rating: SHARES });
});

/** A consented chat with two finished answers, as another process would have stored it. */
async function chat(userId: string) {
  const { db, base } = web.product;
  const [own] = await db
    .insert(conversation)
    .values({ userId, title: 'Why?', allowTraining: true, readersNamed: true })
    .returning();
  const conversationId = own!.id;
  const promptIds = base.renderPrompt([{ role: 'user', content: 'Why?' }]);
  const [question] = await db.insert(message).values({ conversationId, role: 'user', content: 'Why?' }).returning();
  const ids: string[] = [];
  for (const content of ['Because.', 'No reason.']) {
    const [answer] = await db
      .insert(message)
      .values({ conversationId, parentId: question!.id, role: 'assistant', content })
      .returning();
    const said = { promptIds, completionIds: base.tokenizer.encode(content), seed: 1, finishReason: 'stop' };
    const facts = { status: 'done' as const, versionId: 'base', sampling: Sampling.parse({ seed: 1 }), ...said };
    const [row] = await db
      .insert(generation)
      .values({ ...facts, messageId: answer!.id, conversationId, userId })
      .returning();
    ids.push(row!.id);
  }
  return { conversationId, messageId: question!.id, first: ids[0]!, second: ids[1]! };
}
type Chat = Awaited<ReturnType<typeof chat>>;

type Kind = 'compare' | 'rate' | 'rank' | 'questionnaire' | 'write' | 'correct';
async function addTask(
  kind: Kind,
  { messageId, first, second }: Chat,
  more: Partial<typeof ratingTask.$inferInsert> = {},
) {
  const generationIds = { compare: [first, second], rank: [first, second], write: [] as string[] };
  const [row] = await web.product.db
    .insert(ratingTask)
    .values({
      kind,
      messageId,
      generationIds: kind in generationIds ? generationIds[kind as 'rank'] : [first],
      ...more,
    })
    .returning();
  return row!.id;
}
const claim = async (rater: Person) => (await rater.api.rating.claim.mutate({}))!;
const RATED = { kind: 'rate', value: { rating: 7 } } as const;
const answerOf = (rater: Person, assignmentId: string, answer: TaskAnswer = RATED) =>
  rater.api.rating.answer.mutate({ assignmentId, answer });
const liveOf = ({ id }: Person) => web.product.db.select().from(feedback).where(eq(feedback.userId, id));
const historyOf = ({ id }: Person) =>
  web.product.db.select().from(feedbackHistory).where(eq(feedbackHistory.userId, id)).orderBy(asc(feedbackHistory.id));

/** Five times the same call at once. */
const fiveTimes = (call: () => Promise<unknown>) => Promise.all(Array.from({ length: 5 }, () => statusOf(call())));

describe('sent five times at once', () => {
  const ANSWERS: Record<Kind, TaskAnswer> = {
    compare: { kind: 'compare', value: { choice: 'left', strength: 'much' } },
    rate: RATED,
    rank: { kind: 'rank', value: { order: [[1], [0]] } },
    questionnaire: { kind: 'questionnaire', value: { answers: { rude: true } } },
    write: { kind: 'write', value: { text: 'Mine.' } },
    correct: { kind: 'correct', value: { text: 'Better.' } },
  };

  it.each(Object.keys(ANSWERS) as Kind[])(
    'an answer of the kind %s is stored once, with one entry of history',
    async (kind) => {
      const { id: questionnaireId } = await admin.api.ratingAdmin.writeQuestionnaire.mutate({
        name: 'manners',
        isForChat: false,
        questions: [{ id: 'rude', kind: 'flaw', weight: 0.5, text: { en: 'Rude', ja: '失礼' } }],
      });
      await addTask(kind, await chat(owner.id), kind === 'questionnaire' ? { questionnaireId } : {});
      const { assignmentId } = await claim(one);
      expect(await fiveTimes(() => answerOf(one, assignmentId, ANSWERS[kind]))).toEqual([200, 200, 200, 200, 200]);
      expect(await liveOf(one)).toMatchObject([{ assignmentId }]);
      expect(await historyOf(one)).toHaveLength(1);
      // What a person writes is reviewed, once.
      const reviews = kind === 'write' || kind === 'correct' ? 1 : 0;
      expect(await web.product.db.$count(ratingTask, eq(ratingTask.kind, 'review'))).toBe(reviews);
    },
  );

  it('a review and a decision act once', async () => {
    await addTask('write', await chat(owner.id));
    const { assignmentId: written } = await claim(one);
    await answerOf(one, written, ANSWERS.write);
    const { assignmentId: review } = await claim(two);
    const rejected = { kind: 'review', value: { accept: false } } as const;
    expect(await fiveTimes(() => answerOf(two, review, rejected))).toEqual([200, 200, 200, 200, 200]);
    expect([await liveOf(two), (await liveOf(one))[0]!.excludedReason]).toEqual([[], 'Rejected in review']);
    // Sending the rejected text again does not bring it back.
    await answerOf(one, written, ANSWERS.write);
    expect((await liveOf(one))[0]!.excludedAt).not.toBeNull();

    const taskId = await addTask('compare', await chat(owner.id), { needed: 2 });
    for (const [rater, choice] of [
      [one, 'left'],
      [two, 'right'],
    ] as const)
      await answerOf(rater, (await claim(rater)).assignmentId, { kind: 'compare', value: { choice } });
    const [disputed] = await admin.api.ratingAdmin.disagreements.query();
    const { assignmentId: decision } = (await admin.api.rating.claim.mutate({ taskId: disputed!.taskId }))!;
    const decided = { kind: 'compare', value: { choice: 'left' } } as const;
    expect(await fiveTimes(() => answerOf(admin, decision, decided))).toEqual([200, 200, 200, 200, 200]);
    expect(await liveOf(admin)).toHaveLength(1);
    const [task] = await web.product.db.select().from(ratingTask).where(eq(ratingTask.id, taskId));
    expect(task!.truth).toEqual(decided);
  });

  it('a claim holds one task, and a skip gives it back once', async () => {
    await addTask('rate', await chat(owner.id));
    await addTask('rate', await chat(owner.id));
    const held = await Promise.all(Array.from({ length: 5 }, () => claim(one)));
    const { assignmentId } = held[0]!;
    expect(new Set(held.map((task) => task.assignmentId)).size).toBe(1);
    const skip = () => one.api.rating.skip.mutate({ assignmentId, reason: 'other' });
    expect(await fiveTimes(skip)).toEqual([200, 200, 200, 200, 200]);
    expect(await web.product.db.$count(ratingAssignment)).toBe(1);
  });
});

describe('a vote that is not the caller’s to give', () => {
  it('is refused: by nobody, by a person who is no rater, on another’s place, and in another’s name', async () => {
    await addTask('rate', await chat(owner.id));
    const { assignmentId } = await claim(one);
    const input = { assignmentId, answer: RATED };
    expect(await statusOf(callAsNobody(web).rating.answer.mutate(input))).toBe(401);
    expect(await statusOf(owner.api.rating.answer.mutate(input))).toBe(403);
    expect(await statusOf(two.api.rating.answer.mutate(input))).toBe(404);
    expect(await statusOf(two.api.rating.answer.mutate({ ...input, userId: one.id } as never))).toBe(400);
    expect(await statusOf(one.api.rating.answer.mutate({ ...input, userId: two.id } as never))).toBe(400);
    expect(await statusOf(one.api.ratingAdmin.closeTask.mutate({ id: assignmentId }))).toBe(403);
    expect(await web.product.db.$count(feedback)).toBe(0);
  });

  it('is refused on a chat of somebody else, which is said not to exist', async () => {
    const { first, second, messageId } = await chat(owner.id);
    const { give } = one.api.feedback;
    const foreign = [
      give.mutate({ kind: 'rating', generationId: first, value: { rating: 1 } }),
      give.mutate({ kind: 'comparison', leftGenerationId: first, rightGenerationId: second, value: { choice: 'tie' } }),
      give.mutate({ kind: 'demonstration', messageId, value: { text: 'x' } }),
      give.mutate({ kind: 'thumb', generationId: first, value: { up: true } }),
    ];
    expect(await Promise.all(foreign.map(statusOf))).toEqual([404, 404, 404, 404]);
    expect(await web.product.db.$count(feedback)).toBe(0);
    expect(await web.product.db.$count(comparison, eq(comparison.leftGenerationId, first))).toBe(0);
  });
});

describe('two raters at one place', () => {
  const expire = (assignmentId: string) =>
    web.product.db
      .update(ratingAssignment)
      .set({ lockedUntil: sql`now() - interval '1 second'` })
      .where(eq(ratingAssignment.id, assignmentId));

  it('that is free: one gets it', async () => {
    for (let at = 0; at < TRIES; at++) {
      await web.product.db.delete(ratingTask);
      await addTask('rate', await chat(owner.id));
      const claimed = await Promise.all([one, two, three].map(({ api }) => api.rating.claim.mutate({})));
      expect(claimed.filter((task) => task !== null)).toHaveLength(1);
    }
  });

  it('whose locks have both run out: the first answer is kept, and the other is told who has it', async () => {
    for (let at = 0; at < TRIES; at++) {
      const taskId = await addTask('rate', await chat(owner.id));
      const held: [Person, string][] = [];
      for (const rater of [one, two]) {
        const { assignmentId } = await claim(rater);
        held.push([rater, assignmentId]);
        await expire(assignmentId);
      }
      const statuses = await Promise.all(held.map(([rater, id]) => statusOf(answerOf(rater, id))));
      expect(statuses.toSorted()).toEqual([200, 409]);
      const [, late] = held[statuses.indexOf(409)]!;
      const again = answerOf(held[statuses.indexOf(409)]![0], late);
      await expect(again).rejects.toThrow(/another rater has it now|is closed/);
      const rows = await web.product.db
        .select()
        .from(feedback)
        .innerJoin(ratingAssignment, eq(ratingAssignment.id, feedback.assignmentId))
        .where(eq(ratingAssignment.taskId, taskId));
      expect(rows).toHaveLength(1);
    }
  });
});

describe('a change of mind', () => {
  it('ten times at once leaves the value that is last in the history', async () => {
    const { first: generationId } = await chat(owner.id);
    await addTask('rate', await chat(owner.id));
    const { assignmentId } = await claim(one);
    const ratings = Array.from({ length: 10 }, (_, at) => ({ rating: at + 1 }));
    const statuses = await Promise.all(
      ratings.flatMap((value) => [
        statusOf(owner.api.feedback.give.mutate({ kind: 'rating', generationId, value })),
        statusOf(answerOf(one, assignmentId, { kind: 'rate', value })),
      ]),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    for (const person of [owner, one]) {
      const [live, history] = [await liveOf(person), await historyOf(person)];
      expect(live).toHaveLength(1);
      expect(history).toHaveLength(10);
      expect(history.at(-1)!.value).toEqual(live[0]!.value);
    }
  });

  it('does not open a task again that an admin closed before it was full', async () => {
    const id = await addTask('rate', await chat(owner.id), { needed: 3 });
    const { assignmentId } = await claim(one);
    await answerOf(one, assignmentId);
    await admin.api.ratingAdmin.closeTask.mutate({ id });
    await answerOf(one, assignmentId, { kind: 'rate', value: { rating: 2 } });
    expect(await two.api.rating.claim.mutate({})).toBeNull();
  });
});

describe('a deletion that races votes', () => {
  /** Starts both at once, the one or the other first, and expects answers that a page can show. */
  async function race(isDeletionFirst: boolean, remove: () => Promise<unknown>, votes: (() => Promise<unknown>)[]) {
    const calls = isDeletionFirst ? [remove, ...votes] : [...votes, remove];
    const statuses = await Promise.all(calls.map((call) => statusOf(call())));
    for (const status of statuses) expect([200, 404, 409, 401]).toContain(status);
  }
  /** No row is about something that is gone. */
  async function expectNothingOf({ conversationId, messageId, first, second }: Chat) {
    const { db } = web.product;
    expect(await db.$count(conversation, eq(conversation.id, conversationId))).toBe(0);
    expect(await db.$count(comparison, eq(comparison.conversationId, conversationId))).toBe(0);
    expect(await db.$count(ratingTask, eq(ratingTask.messageId, messageId))).toBe(0);
    for (const table of [feedback, feedbackHistory]) {
      const about = or(eq(table.messageId, messageId), eq(table.generationId, first), eq(table.generationId, second));
      expect(await db.$count(table, about)).toBe(0);
    }
    const { rows } = await db.execute(
      sql`select id from ${feedback} where assignment_id is null and source = 'workplace'`,
    );
    expect(rows).toEqual([]);
  }
  const orders = Array.from({ length: 2 * TRIES }, (_, at) => at % 2 === 0);
  const votesInChat = (person: Person, { first, second, messageId }: Chat) => {
    const pair = { leftGenerationId: first, rightGenerationId: second };
    return [
      () => person.api.feedback.give.mutate({ kind: 'rating', generationId: first, value: { rating: 3 } }),
      () => person.api.feedback.give.mutate({ kind: 'comparison', ...pair, value: { choice: 'left' } }),
      () => person.api.feedback.give.mutate({ kind: 'demonstration', messageId, value: { text: 'Mine.' } }),
    ];
  };

  it('of the chat: none is left, and none is answered with an error of the server', async () => {
    for (const isDeletionFirst of orders) {
      const about = await chat(owner.id);
      await addTask('compare', about, { needed: 3 });
      const [a, b] = [await claim(one), await claim(two)];
      const compared = { kind: 'compare', value: { choice: 'left' } } as const;
      await race(isDeletionFirst, () => owner.api.conversation.remove.mutate({ id: about.conversationId }), [
        () => answerOf(one, a.assignmentId, compared),
        () => answerOf(two, b.assignmentId, compared),
        () => three.api.rating.claim.mutate({}),
        ...votesInChat(owner, about),
      ]);
      await expectNothingOf(about);
    }
  });

  it('of its owner’s account, while tasks are made of it', async () => {
    for (const isDeletionFirst of orders.slice(0, 10)) {
      await web.product.db.delete(ratingTask);
      const leaving = await enter(web);
      const about = await chat(leaving.id);
      await addTask('compare', about, { needed: 3 });
      const { assignmentId } = await claim(one);
      await race(isDeletionFirst, () => leaving.api.account.remove.mutate({ confirmation: leaving.email }), [
        () => answerOf(one, assignmentId, { kind: 'compare', value: { choice: 'right' } }),
        () => admin.api.ratingAdmin.createTasks.mutate({ kind: 'rate', promptSetId: null, count: 5 }),
        ...votesInChat(leaving, about),
      ]);
      await expectNothingOf(about);
    }
  });

  it('of the rater’s account: the place is free again', async () => {
    for (const isDeletionFirst of orders.slice(0, 10)) {
      await web.product.db.delete(ratingTask);
      const leaving = await enter(web, 'rater');
      await addTask('rate', await chat(admin.id));
      const { assignmentId } = await claim(leaving);
      await race(isDeletionFirst, () => leaving.api.account.remove.mutate({ confirmation: leaving.email }), [
        () => answerOf(leaving, assignmentId),
        () => leaving.api.rating.claim.mutate({}),
      ]);
      expect(await liveOf(leaving)).toEqual([]);
      expect(await web.product.db.$count(ratingAssignment, eq(ratingAssignment.userId, leaving.id))).toBe(0);
    }
  });

  it('of consent: what was answered in time stays out of training with the chat', async () => {
    for (const isDeletionFirst of orders) {
      const about = await chat(owner.id);
      const { conversationId: id } = about;
      await addTask('rate', about);
      const { assignmentId } = await claim(one);
      await race(isDeletionFirst, () => owner.api.conversation.setAllowTraining.mutate({ id, allowTraining: false }), [
        () => answerOf(one, assignmentId),
      ]);
      expect(await one.api.rating.claim.mutate({})).toBeNull();
      expect(await one.api.rating.past.query({ back: 1 })).toBeNull();
      await web.product.db.delete(ratingTask);
    }
  });
});
