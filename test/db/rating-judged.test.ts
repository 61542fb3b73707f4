// What is judged in the rating workplace: raters by blind checks and repeats, disagreements, and written answers.
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { conversation, feedback } from '@/db/schema';
import {
  admin,
  CHECK,
  choose,
  liveOf,
  makeTasks,
  NEITHER,
  newRater,
  openDesk,
  pairs,
  prefer,
  REPEAT,
  upload,
  web,
  willDraw,
} from './rating-desk';

openDesk();

describe('a check and a repeat', () => {
  it('look like any other task, and leave no feedback', async () => {
    await makeTasks('compare', pairs(8));
    await upload([{ prompt: 'Known', answers: ['Good', 'Bad'], truth: { choice: 'left' } }]);
    const { id, api } = await newRater();
    const seen: string[][] = [];
    const work = async (draw: number) => {
      willDraw(draw);
      const task = (await api.rating.claim())!;
      seen.push(Object.keys(task));
      willDraw(NEITHER);
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
    expect(await api.rating.progress({ dayStart: new Date() })).toMatchObject({
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

describe('a disagreement', () => {
  it('goes to someone who did not vote, who sees the votes and whose decision becomes the known answer', async () => {
    await makeTasks('compare', pairs(1), 2);
    const [one, two, trusted] = [await newRater(), await newRater(), await newRater()];
    const { assignmentId } = await prefer(one.api, 'Good');
    await prefer(two.api, 'Bad');
    await web.product.db.update(feedback).set({ comment: 'Ask jane@example.com' }).where(eq(feedback.userId, two.id));
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
    expect(task.votes!.map(({ comment }) => comment).sort()).toEqual(['Ask █████', null]);
    await choose(trusted.api, task.assignmentId, task.completions[0]!.startsWith('Good') ? 'left' : 'right');
    expect(await admin.ratingAdmin.disagreements()).toEqual([]);
    const agreementOf = async (id: string) =>
      (await admin.ratingAdmin.raters()).find((rater) => rater.id === id)!.withOthers?.count ?? 0;
    expect(await agreementOf(one.id)).toBe(1);
    const [vote] = await liveOf(two.id);
    await admin.admin.excludeFeedback({ id: vote!.id, reason: 'spite' });
    expect(await agreementOf(one.id)).toBe(0);
    await admin.admin.restoreFeedback({ id: vote!.id, reason: 'no spite' });
    expect(await one.api.rating.progress({ dayStart: new Date() })).toMatchObject({
      withTruth: { mean: 1 },
      withOthers: { mean: 0 },
    });
    expect(await two.api.rating.progress({ dayStart: new Date() })).toMatchObject({ withTruth: { mean: 0 } });
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
