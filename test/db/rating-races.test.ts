// Votes over HTTP at awkward moments: twice, forged, late, and two at once.
import { asc, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TaskAnswer } from '@/core/feedback/task-answers';
import { comparison, feedback, feedbackHistory, ratingAssignment, ratingTask } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { askTwice } from './judged';
import { callAsNobody, type Person, statusOf } from './people';
import {
  addTask,
  answerOf,
  claim,
  clearWorkplace,
  liveOf,
  openWorkplace,
  RATED,
  type TaskKind,
} from './rating-workplace';
import type { World } from './world';

/** How often each race is run. */
const TRIES = 12;

let world: World;
let web: WebProcess;
let admin: Person;
let owner: Person;
let one: Person;
let two: Person;
let three: Person;
beforeAll(async () => {
  ({ world, web, admin, owner, one, two, three } = await openWorkplace());
});
afterAll(() => world?.close());
beforeEach(() => clearWorkplace(web, admin));

const chat = ({ id }: Person) => askTwice(web, { of: id });
const historyOf = ({ id }: Person) =>
  web.product.db.select().from(feedbackHistory).where(eq(feedbackHistory.userId, id)).orderBy(asc(feedbackHistory.id));

/** Five times the same call at once. */
const fiveTimes = (call: () => Promise<unknown>) => Promise.all(Array.from({ length: 5 }, () => statusOf(call())));

describe('sent five times at once', () => {
  const ANSWERS: Record<TaskKind, TaskAnswer> = {
    compare: { kind: 'compare', value: { choice: 'left', strength: 'much' } },
    rate: RATED,
    rank: { kind: 'rank', value: { order: [[1], [0]] } },
    questionnaire: { kind: 'questionnaire', value: { answers: { rude: true } } },
    write: { kind: 'write', value: { text: 'Mine.' } },
    correct: { kind: 'correct', value: { text: 'Better.' } },
  };

  it.each(Object.keys(ANSWERS) as TaskKind[])(
    'an answer of the kind %s is stored once, with one entry of history',
    async (kind) => {
      const { id: questionnaireId } = await admin.api.ratingAdmin.writeQuestionnaire.mutate({
        name: 'manners',
        isForChat: false,
        questions: [{ id: 'rude', kind: 'flaw', weight: 0.5, text: { en: 'Rude', ja: '失礼' } }],
      });
      await addTask(web, kind, await chat(owner), kind === 'questionnaire' ? { questionnaireId } : {});
      const { assignmentId } = await claim(one);
      expect(await fiveTimes(() => answerOf(one, assignmentId, ANSWERS[kind]))).toEqual([200, 200, 200, 200, 200]);
      expect(await liveOf(web, one)).toMatchObject([{ assignmentId }]);
      expect(await historyOf(one)).toHaveLength(1);
      // What a person writes is reviewed, once.
      const reviews = kind === 'write' || kind === 'correct' ? 1 : 0;
      expect(await web.product.db.$count(ratingTask, eq(ratingTask.kind, 'review'))).toBe(reviews);
    },
  );

  it('a review and a decision act once', async () => {
    await addTask(web, 'write', await chat(owner));
    const { assignmentId: written } = await claim(one);
    await answerOf(one, written, ANSWERS.write);
    const { assignmentId: review } = await claim(two);
    const rejected = { kind: 'review', value: { accept: false } } as const;
    expect(await fiveTimes(() => answerOf(two, review, rejected))).toEqual([200, 200, 200, 200, 200]);
    expect([await liveOf(web, two), (await liveOf(web, one))[0]!.excludedReason]).toEqual([[], 'Rejected in review']);
    // Sending the rejected text again does not bring it back.
    await answerOf(one, written, ANSWERS.write);
    expect((await liveOf(web, one))[0]!.excludedAt).not.toBeNull();

    const taskId = await addTask(web, 'compare', await chat(owner), { needed: 2 });
    for (const [rater, choice] of [
      [one, 'left'],
      [two, 'right'],
    ] as const)
      await answerOf(rater, (await claim(rater)).assignmentId, { kind: 'compare', value: { choice } });
    const [disputed] = await admin.api.ratingAdmin.disagreements.query();
    const { assignmentId: decision } = (await admin.api.rating.claim.mutate({ taskId: disputed!.taskId }))!;
    const decided = { kind: 'compare', value: { choice: 'left' } } as const;
    expect(await fiveTimes(() => answerOf(admin, decision, decided))).toEqual([200, 200, 200, 200, 200]);
    expect(await liveOf(web, admin)).toHaveLength(1);
    const [task] = await web.product.db.select().from(ratingTask).where(eq(ratingTask.id, taskId));
    expect(task!.truth).toEqual(decided);
  });

  it('a claim holds one task, and a skip gives it back once', async () => {
    await addTask(web, 'rate', await chat(owner));
    await addTask(web, 'rate', await chat(owner));
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
    await addTask(web, 'rate', await chat(owner));
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
    const { one: first, other: second, messageId } = await chat(owner);
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
      await addTask(web, 'rate', await chat(owner));
      const claimed = await Promise.all([one, two, three].map(({ api }) => api.rating.claim.mutate({})));
      expect(claimed.filter((task) => task !== null)).toHaveLength(1);
    }
  });

  it('whose locks have both run out: the first answer is kept, and the other is told who has it', async () => {
    for (let at = 0; at < TRIES; at++) {
      const taskId = await addTask(web, 'rate', await chat(owner));
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
    const { one: generationId } = await chat(owner);
    await addTask(web, 'rate', await chat(owner));
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
      const [live, history] = [await liveOf(web, person), await historyOf(person)];
      expect(live).toHaveLength(1);
      expect(history).toHaveLength(10);
      expect(history.at(-1)!.value).toEqual(live[0]!.value);
    }
  });

  it('does not open a task again that an admin closed before it was full', async () => {
    const id = await addTask(web, 'rate', await chat(owner), { needed: 3 });
    const { assignmentId } = await claim(one);
    await answerOf(one, assignmentId);
    await admin.api.ratingAdmin.closeTask.mutate({ id });
    await answerOf(one, assignmentId, { kind: 'rate', value: { rating: 2 } });
    expect(await two.api.rating.claim.mutate({})).toBeNull();
  });
});
