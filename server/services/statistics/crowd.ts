// What Dawid and Skene's model and GLAD take to be right where raters compare the same answers, and who they believe.
import { and, eq, sql } from 'drizzle-orm';
import { CHOICES } from '@/core/feedback/kinds';
import { fitDawidSkene } from '@/core/statistics/crowd/dawid-skene';
import { fitGlad, type GladFit } from '@/core/statistics/crowd/glad';
import { type Crowd, indexLabels, likeliestLabels, voteShares } from '@/core/statistics/crowd/labels';
import type { Executor } from '@/db/client';
import { conversation, message, ratingTask } from '@/db/schema';
import { isServable } from '../rating/assignment';
import type { SharedTask } from './shared-tasks';
import type { CrowdOverviewView } from './views';

const HARDEST = 5;
const MOST_PROMPT = 200;

/** Null without comparisons that raters share. Known answers of checks stand fixed in Dawid and Skene's model. */
export function countCrowd(shared: readonly SharedTask[]) {
  const given = shared.flatMap(({ taskId, answers }) =>
    answers.flatMap(({ userId, stored }) =>
      stored.kind === 'compare' ? [{ item: taskId, rater: userId, label: stored.value.choice }] : [],
    ),
  );
  if (given.length === 0) return null;
  const crowd = indexLabels(given, CHOICES);
  const majority = likeliestLabels(crowd, voteShares(crowd));
  const dawidSkene = fitDawidSkene(crowd, { gold: goldOf(shared) });
  const glad = fitGlad(crowd);
  const overruled = (probabilities: readonly Float64Array[]) =>
    [...likeliestLabels(crowd, probabilities)].filter(([item, label]) => majority.get(item) !== label).length;
  return {
    tasks: crowd.items.length,
    overruledByDawidSkene: overruled(dawidSkene.probabilities),
    overruledByGlad: overruled(glad.probabilities),
    raters: crowd.raters
      .map((userId, rater) => {
        const own = crowd.given.filter((one) => one.rater === rater);
        const mean = (chance: (one: Crowd['given'][number]) => number) =>
          own.reduce((sum, one) => sum + chance(one), 0) / own.length;
        const byDawidSkene = mean(({ item, label }) => dawidSkene.probabilities[item]![label]!);
        return { userId, answers: own.length, byDawidSkene, byGlad: mean((one) => chanceOfRight(glad, one)) };
      })
      .sort((one, other) => one.byDawidSkene - other.byDawidSkene),
    hardest: hardestOf(crowd, glad),
  };
}

const chanceOfRight = ({ abilities, ease }: GladFit, { item, rater }: Crowd['given'][number]) =>
  1 / (1 + Math.exp(-abilities[rater]! * Math.exp(ease[item]!)));

const goldOf = (shared: readonly SharedTask[]) =>
  new Map(
    shared.flatMap(({ taskId, answers }) => {
      const truth = answers[0]!.truth;
      return truth?.kind === 'compare' ? [[taskId, truth.value.choice] as const] : [];
    }),
  );

/** The tasks on which able raters are least sure, with the votes on them. */
function hardestOf({ items, labels, given }: Crowd, { ease }: GladFit): { taskId: string; votes: number[] }[] {
  const order = items.map((taskId, item) => ({ taskId, item })).sort((x, y) => ease[x.item]! - ease[y.item]!);
  return order.slice(0, HARDEST).map(({ taskId, item }) => {
    const own = given.filter((one) => one.item === item);
    return { taskId, votes: CHOICES.map((choice) => own.filter(({ label }) => labels[label] === choice).length) };
  });
}

/** Without those whose chat no longer allows training. */
export async function readHardest(
  db: Executor,
  hardest: ReturnType<typeof hardestOf>,
): Promise<CrowdOverviewView['hardest']> {
  const prompts = await db
    .select({ id: ratingTask.id, prompt: sql<string>`left(${message.content}, ${MOST_PROMPT})` })
    .from(ratingTask)
    .innerJoin(message, eq(message.id, ratingTask.messageId))
    .innerJoin(conversation, eq(conversation.id, message.conversationId))
    .where(and(isServable, sql`${ratingTask.id} = any(${sql.param(hardest.map(({ taskId }) => taskId))}::uuid[])`));
  const promptOf = new Map(prompts.map(({ id, prompt }) => [id, prompt]));
  return hardest.flatMap(({ taskId, votes }) => {
    const prompt = promptOf.get(taskId);
    return prompt === undefined ? [] : [{ prompt, votes }];
  });
}
