// A deletion over HTTP that races votes on what it deletes: nothing is left of it, and no call ends in a server error.
import { eq, or, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { comparison, conversation, feedback, feedbackHistory, ratingAssignment, ratingTask } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Asked, askTwice } from './judged';
import { enter, type Person, statusOf } from './people';
import { addTask, answerOf, claim, clearWorkplace, liveOf, openWorkplace } from './rating-workplace';
import type { World } from './world';

/** How often each race is run, in either order. */
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

describe('a deletion that races votes', () => {
  /** Starts both at once, the one or the other first, and expects answers that a page can show. */
  async function race(isDeletionFirst: boolean, remove: () => Promise<unknown>, votes: (() => Promise<unknown>)[]) {
    const calls = isDeletionFirst ? [remove, ...votes] : [...votes, remove];
    const statuses = await Promise.all(calls.map((call) => statusOf(call())));
    for (const status of statuses) expect([200, 404, 409, 401]).toContain(status);
  }
  /** No row is about something that is gone. */
  async function expectNothingOf({ conversationId, messageId, one: first, other: second }: Asked) {
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
  const votesInChat = (person: Person, { one: first, other: second, messageId }: Asked) => {
    const pair = { leftGenerationId: first, rightGenerationId: second };
    return [
      () => person.api.feedback.give.mutate({ kind: 'rating', generationId: first, value: { rating: 3 } }),
      () => person.api.feedback.give.mutate({ kind: 'comparison', ...pair, value: { choice: 'left' } }),
      () => person.api.feedback.give.mutate({ kind: 'demonstration', messageId, value: { text: 'Mine.' } }),
    ];
  };

  it('of the chat: none is left, and none is answered with an error of the server', async () => {
    for (const isDeletionFirst of orders) {
      const about = await chat(owner);
      await addTask(web, 'compare', about, { needed: 3 });
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
      const about = await chat(leaving);
      await addTask(web, 'compare', about, { needed: 3 });
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
      await addTask(web, 'rate', await chat(admin));
      const { assignmentId } = await claim(leaving);
      await race(isDeletionFirst, () => leaving.api.account.remove.mutate({ confirmation: leaving.email }), [
        () => answerOf(leaving, assignmentId),
        () => leaving.api.rating.claim.mutate({}),
      ]);
      expect(await liveOf(web, leaving)).toEqual([]);
      expect(await web.product.db.$count(ratingAssignment, eq(ratingAssignment.userId, leaving.id))).toBe(0);
    }
  });

  it('of consent: what was answered in time stays out of training with the chat', async () => {
    for (const isDeletionFirst of orders) {
      const about = await chat(owner);
      const { conversationId: id } = about;
      await addTask(web, 'rate', about);
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
