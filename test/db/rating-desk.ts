// A desk of raters over real Postgres: an admin who makes tasks, raters who answer, and draws that the test decides.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { feedback, ratingAssignment, ratingTask } from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Api, callAs, createUser, createWorld, type World } from './world';

let world: World;
export let web: WebProcess;
export let adminId: string;
export let admin: Api;
/** What the product draws next: 1 mixes in neither checks nor repeats, and leaves two completions in their order. */
let drawn = 0.999;
export const willDraw = (next: number): void => {
  drawn = next;
};

export const NEITHER = 0.999;
export const SHARES = { lockMinutes: 15, overlapShare: 1, overlapRaters: 3, goldShare: 0.1, repeatShare: 0.1 };
export const [CHECK, REPEAT] = [0.05, 0.15];

/** Opens the desk for the tests of a file, which have it to themselves: each finds it without tasks. */
export function openDesk(): void {
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
}

export const newRater = async () => {
  const id = await createUser(web, 'rater');
  return { id, api: callAs(web, id, 'rater') };
};
export const upload = async (lines: object[]) =>
  (
    await admin.ratingAdmin.uploadPrompts({
      name: 'set',
      format: 'jsonl',
      content: lines.map((line) => JSON.stringify(line)).join('\n'),
    })
  ).id;
export const pairs = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ prompt: `Question ${at}`, answers: [`Good ${at}`, `Bad ${at}`] }));
/** `raters` answers are needed for each. */
export async function makeTasks(kind: 'compare' | 'rate' | 'write' | 'correct' | 'rank', lines: object[], raters = 1) {
  await admin.admin.setSettings({
    rating: { ...SHARES, overlapShare: raters > 1 ? 1 : 0, overlapRaters: Math.max(2, raters) },
  });
  return admin.ratingAdmin.createTasks({ kind, promptSetId: await upload(lines), count: 100 });
}
export const choose = (api: Api, assignmentId: string, choice: 'left' | 'right' | 'tie') =>
  api.rating.answer({ assignmentId, answer: { kind: 'compare', value: { choice } } });
/** Chooses the completion that begins with this word, on whichever side it is. */
export async function prefer(api: Api, word: string) {
  const task = (await api.rating.claim())!;
  await choose(api, task.assignmentId, task.completions[0]!.startsWith(word) ? 'left' : 'right');
  return task;
}
export const expire = (assignmentId: string) =>
  web.product.db
    .update(ratingAssignment)
    .set({ lockedUntil: sql`now() - interval '1 second'` })
    .where(eq(ratingAssignment.id, assignmentId));
export const liveOf = (userId: string) => web.product.db.select().from(feedback).where(eq(feedback.userId, userId));
