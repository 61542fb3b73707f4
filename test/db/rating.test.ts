// Places and answers of the rating workplace over real Postgres: locks, skips, what becomes feedback, and undo.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { TaskAnswer } from '@/core/feedback/task-answers';
import { groupBy } from '@/core/group-by';
import { feedbackHistory, ratingAssignment, ratingTask, snapshot } from '@/db/schema';
import {
  admin,
  choose,
  expire,
  liveOf,
  makeTasks,
  NEITHER,
  newRater,
  openDesk,
  pairs,
  SHARES,
  upload,
  web,
  willDraw,
} from './rating-desk';
import { callAs, createUser } from './world';

openDesk();

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

  it('shows its texts without personal data, unless the admin lets raters see it or the rater edits the text', async () => {
    const line = { prompt: 'I am at jane@example.com', answers: ['Call +1 415 555 2671 **today**.', 'No.'] };
    await makeTasks('compare', [line]);
    const { api } = await newRater();
    const task = (await api.rating.claim())!;
    expect(task).toMatchObject({ hiding: 'all', prompt: [{ role: 'user', content: 'I am at █████' }] });
    expect([...task.completions].sort()).toEqual(['Call █████ **today**.', 'No.']);
    await choose(api, task.assignmentId, 'left');
    await makeTasks('correct', [{ ...line, answers: line.answers.slice(0, 1) }]);
    const edited = (await api.rating.claim())!;
    expect(edited).toMatchObject({ hiding: 'all_but_edited', completions: line.answers.slice(0, 1) });
    expect(edited.prompt[0]!.content).toBe('I am at █████');
    await admin.admin.setSettings({ rating: { ...SHARES, hidePersonalData: false } });
    expect(await api.rating.claim()).toMatchObject({ hiding: 'nothing', prompt: [{ content: line.prompt }] });
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
    willDraw(NEITHER); // keeps the order
    const first = (await one.api.rating.claim())!;
    willDraw(0.4); // shuffles two completions into the other order
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
