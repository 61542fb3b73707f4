// A rating workplace over HTTP: an admin, an owner of chats, three raters, and what they do with tasks.
import { eq } from 'drizzle-orm';
import type { TaskAnswer } from '@/core/feedback/task-answers';
import { feedback, feedbackHistory, ratingTask } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import type { Asked } from './judged';
import { enter, type Person } from './people';
import { createWorld } from './world';

const SHARES = { lockMinutes: 15, overlapShare: 0, overlapRaters: 2, goldShare: 0, repeatShare: 0 };

/** The product draws no checks and no repeats. */
export async function openWorkplace() {
  const world = await createWorld({ seed: 1 }, () => 0.999);
  const { web } = world;
  return {
    world,
    web,
    admin: await enter(web, 'admin'),
    owner: await enter(web),
    one: await enter(web, 'rater'),
    two: await enter(web, 'rater'),
    three: await enter(web, 'rater'),
  };
}

/** Removes every task and vote. */
export async function clearWorkplace({ product: { db } }: WebProcess, admin: Person): Promise<void> {
  for (const table of [ratingTask, feedback, feedbackHistory]) await db.delete(table);
  await admin.api.admin.setSettings.mutate({ rating: SHARES });
}

export type TaskKind = 'compare' | 'rate' | 'rank' | 'questionnaire' | 'write' | 'correct';

/** Adds a task about what `askTwice` stored. */
export async function addTask(
  { product: { db } }: WebProcess,
  kind: TaskKind,
  { messageId, one, other }: Asked,
  more: Partial<typeof ratingTask.$inferInsert> = {},
): Promise<string> {
  const generationIds = { compare: [one, other], rank: [one, other], write: [] as string[] };
  const [row] = await db
    .insert(ratingTask)
    .values({
      kind,
      messageId,
      generationIds: kind in generationIds ? generationIds[kind as 'rank'] : [one],
      ...more,
    })
    .returning();
  return row!.id;
}

export const claim = async (rater: Person) => (await rater.api.rating.claim.mutate({}))!;

export const RATED = { kind: 'rate', value: { rating: 7 } } as const;
export const answerOf = (rater: Person, assignmentId: string, answer: TaskAnswer = RATED) =>
  rater.api.rating.answer.mutate({ assignmentId, answer });

/** The feedback of this person that counts. */
export const liveOf = ({ product: { db } }: WebProcess, { id }: Person) =>
  db.select().from(feedback).where(eq(feedback.userId, id));
