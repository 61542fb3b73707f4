// Pairs of answers with a hidden preference, people who vote by it, and judges that are measured and label.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { FIRST_PRINCIPLES } from '@/core/judging/constitution';
import type { NewJudge } from '@/core/judging/judge';
import { Rng } from '@/core/rng';
import { Sampling } from '@/core/sampling';
import * as schema from '@/db/schema';
import type { WebProcess } from '@/server/product';
import { type Api, callAs, createUser } from './world';

export interface PairOptions {
  pairs: number;
  /** An uploaded set; otherwise chats whose owners were told of readers. */
  isUploaded: boolean;
  /** Pairs, from the first, on which three people vote by the preference. */
  voted?: number;
}

/** The preference that people and an honest judge share: a better answer names a larger number. */
export const scoreOf = (text: string) => Number(/\d+/.exec(text)?.[0] ?? 0);

/** The length of an answer says nothing about how good it is. */
export async function addPairs(web: WebProcess, ownerId: string, { pairs, isUploaded, voted = 0 }: PairOptions) {
  const { db, base } = web.product;
  const rng = new Rng(7);
  const raters = voted > 0 ? [await createUser(web), await createUser(web), await createUser(web)] : [];
  const [set] = isUploaded
    ? await db.insert(schema.promptSet).values({ name: 'set', createdBy: ownerId }).returning()
    : [];
  const made: { conversationId: string; messageId: string; generationIds: [string, string]; isFirstBetter: boolean }[] =
    [];
  for (let at = 0; at < pairs; at++) {
    const conversationId = randomUUID();
    const messageId = randomUUID();
    const place = { conversationId, userId: ownerId };
    await db.insert(schema.conversation).values({
      id: conversationId,
      ...{ userId: ownerId, title: 'Q', allowTraining: true, readersNamed: !isUploaded, promptSetId: set?.id ?? null },
    });
    const content = `${isUploaded ? 'Uploaded' : 'Chat'} question ${at}`;
    await db.insert(schema.message).values({ id: messageId, conversationId, role: 'user', content });
    const isFirstBetter = rng.uniform() < 0.5;
    const texts = [isFirstBetter, !isFirstBetter].map(
      (isBetter) => `${isBetter ? 9 : 1}${' word'.repeat(1 + Math.floor(rng.uniform() * 20))}`,
    );
    const ids: string[] = [];
    for (const text of texts) {
      const [id, answerId] = [randomUUID(), randomUUID()];
      await db
        .insert(schema.message)
        .values({ id: answerId, conversationId, parentId: messageId, role: 'assistant', content: text });
      await db.insert(schema.generation).values({
        ...{ id, messageId: answerId, ...place, status: 'done', versionId: 'base', seed: 1, finishReason: 'stop' },
        sampling: Sampling.parse({ seed: 1 }),
        promptIds: base.renderPrompt([{ role: 'user', content }]),
        completionIds: base.tokenizer.encode(text),
      });
      ids.push(id);
    }
    const [left, right] = ids as [string, string];
    made.push({ conversationId, messageId, generationIds: [left, right], isFirstBetter });
    if (at >= voted) continue;
    const [pair] = await db
      .insert(schema.comparison)
      .values({ ...place, leftGenerationId: left, rightGenerationId: right, source: 'workplace' })
      .returning();
    await db.insert(schema.feedback).values(
      raters.map((userId) => ({
        ...{ userId, kind: 'comparison' as const, comparisonId: pair!.id, source: 'workplace' as const },
        value: { choice: isFirstBetter ? ('left' as const) : ('right' as const) },
      })),
    );
  }
  return made;
}

export type JudgeApi = Api['judge'];

export async function openJudges(web: WebProcess): Promise<{ adminId: string; api: JudgeApi }> {
  const adminId = await createUser(web, 'admin');
  const api = callAs(web, adminId, 'admin').judge;
  const [now] = await api.constitutions();
  await api.writeConstitution({ principles: [...FIRST_PRINCIPLES], basedOn: now?.version ?? null });
  return { adminId, api };
}

export const LIMITS = {
  ...{ promptPrice: 1, completionPrice: 2, budget: 1000, mostCalls: 100_000 },
  ...{ requestsPerMinute: 60_000, timeoutSeconds: 20 },
};
export const KEY = 'sk-very-secret-0123456789';

export const endpointJudge = (url: string, more: Partial<Extract<NewJudge, { kind: 'endpoint' }>> = {}): NewJudge => ({
  ...{ kind: 'endpoint', name: 'Outside judge', labels: ['comparison'], url, model: 'judge-1', key: KEY },
  ...{ givesLogprobs: true, limits: LIMITS },
  ...more,
});

export const readJudge = async (api: JudgeApi, id: string) =>
  (await api.list()).judges.find((judge) => judge.id === id)!;

/** The worker of the process does it; returns once the judge rests. */
export async function letWork(api: JudgeApi, id: string, activity: 'measure' | 'label') {
  await api.setActivity({ id, activity });
  for (;;) {
    const judge = await readJudge(api, id);
    if (judge.activity === 'idle') return judge;
    await delay(50);
  }
}
