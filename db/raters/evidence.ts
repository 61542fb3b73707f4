// Reads people's judgements as evidence of who can be believed: overlap, gold, repeats, time, order and length.
import { and, desc, eq, inArray, isNotNull, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { FEEDBACK_VALUES, type FeedbackValue, HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import type { Judgement, Lean } from '@/core/trust/judgement';
import type { Executor } from '../client';
import { conversationOfFeedback, isTrainable } from '../feedback/trainable-feedback';
import { comparison, conversation, feedback, generation, ratingAssignment, ratingTask } from '../schema';

/**
 * Judgements of trainable feedback, and of checks and repeated items of the workplace, which are no feedback. `isAmong`
 * is a condition on the feedback; checks and repeated items are those of the newest `mostChecked` answers of raters.
 */
export async function readJudgements(
  db: Executor,
  { isAmong, mostChecked }: { isAmong?: SQL; mostChecked?: number } = {},
): Promise<Judgement[]> {
  const [given, checked] = [await selectGiven(db, isAmong), await selectChecked(db, mostChecked)];
  const seen = new Set(given.flatMap(({ generationId, left, right }) => [generationId, left, right]));
  for (const { generationIds } of checked) for (const id of generationIds) seen.add(id);
  const answers = await selectAnswers(
    db,
    [...seen].filter((id) => id !== null),
  );
  const votes = [...given.map(givenVote), ...checked.flatMap((one) => checkedVote(one) ?? [])];
  const read = judgementReader(votes, answers);
  return votes.flatMap((vote) => read(vote) ?? []);
}

function givenVote({ kind, userId: rater, value, shown, milliseconds, ...about }: Given): Vote {
  const seen = { rater, shown: shown ?? [], milliseconds };
  if (kind === 'comparison') {
    // Left and right are as shown in the chat; in the workplace each rater has an order of their own.
    const pair = [about.left!, about.right!] as const;
    return { ...seen, kind: 'comparison', pair, value: value as FeedbackValue<'comparison'> };
  }
  const generationId = about.generationId!;
  if (kind === 'thumb') return { ...seen, kind: 'thumb', generationId, up: (value as FeedbackValue<'thumb'>).up };
  return { ...seen, kind: 'rating', generationId, rating: (value as FeedbackValue<'rating'>).rating };
}

/** Null for an answer to a task of another kind. */
function checkedVote({ userId: rater, generationIds, truth, value, shown, milliseconds }: Checked): Vote | null {
  const [said, known] = [Stored.safeParse(value).data, Stored.safeParse(truth).data];
  if (!said) return null;
  const seen = { rater, shown, milliseconds };
  const [left, right] = generationIds;
  if (said.kind === 'compare') {
    const best = known?.kind === 'compare' ? known.value : undefined;
    return { ...seen, kind: 'comparison', pair: [left!, right!], value: said.value, truth: best };
  }
  const knownRating = known?.kind === 'rate' ? known.value.rating : undefined;
  return { ...seen, kind: 'rating', generationId: left!, rating: said.value.rating, truth: knownRating };
}

interface Seen {
  rater: string;
  /** Generations in the order in which the rater saw them; empty if it is not recorded. */
  shown: readonly string[];
  milliseconds: number | null;
}
type Vote = Seen &
  (
    | { kind: 'thumb'; generationId: string; up: boolean }
    | { kind: 'rating'; generationId: string; rating: number; truth?: number | undefined }
    | {
        kind: 'comparison';
        pair: readonly [left: string, right: string];
        value: FeedbackValue<'comparison'>;
        truth?: FeedbackValue<'comparison'> | undefined;
      }
  );

/** An answer of the workplace; left is the first of the task's completions. */
const Stored = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('compare'), value: FEEDBACK_VALUES.comparison }),
  z.object({ kind: z.literal('rate'), value: FEEDBACK_VALUES.rating }),
]);

function selectGiven(db: Executor, isAmong: SQL | undefined) {
  return (
    db
      .select({
        kind: feedback.kind,
        userId: feedback.userId,
        value: feedback.value,
        generationId: feedback.generationId,
        left: comparison.leftGenerationId,
        right: comparison.rightGenerationId,
        shown: ratingAssignment.shown,
        milliseconds: ratingAssignment.milliseconds,
      })
      .from(feedback)
      .leftJoin(comparison, eq(comparison.id, feedback.comparisonId))
      .leftJoin(ratingAssignment, eq(ratingAssignment.id, feedback.assignmentId))
      .innerJoin(conversation, eq(conversation.id, conversationOfFeedback))
      .where(and(isTrainable, inArray(feedback.kind, ['thumb', 'comparison', 'rating']), isAmong))
      // Some of the evidence is read one vote after the other.
      .orderBy(feedback.createdAt, feedback.id)
  );
}

function selectChecked(db: Executor, most: number | undefined) {
  const isDone = sql`${ratingAssignment.status} = 'done' and ${ratingAssignment.value} is not null`;
  const oldest = db
    .select({ at: ratingAssignment.finishedAt })
    .from(ratingAssignment)
    .where(isDone)
    .orderBy(desc(ratingAssignment.finishedAt))
    .offset(most ?? 0)
    .limit(1);
  return db
    .select({
      userId: ratingAssignment.userId,
      value: ratingAssignment.value,
      shown: ratingAssignment.shown,
      milliseconds: ratingAssignment.milliseconds,
      truth: ratingTask.truth,
      generationIds: ratingTask.generationIds,
    })
    .from(ratingAssignment)
    .innerJoin(ratingTask, eq(ratingTask.id, ratingAssignment.taskId))
    .where(
      and(
        isDone,
        most === undefined ? undefined : sql`${ratingAssignment.finishedAt} >= coalesce((${oldest}), '-infinity')`,
        or(ratingAssignment.isRepeat, isNotNull(ratingTask.truth)),
        sql`not exists (select from ${feedback} where ${feedback.assignmentId} = ${ratingAssignment.id})`,
      ),
    );
}

type Given = Awaited<ReturnType<typeof selectGiven>>[number];
type Checked = Awaited<ReturnType<typeof selectChecked>>[number];

async function selectAnswers(db: Executor, ids: readonly string[]) {
  const found = await db
    .select({
      id: generation.id,
      versionId: generation.versionId,
      tokens: sql<number>`cardinality(${generation.completionIds})`.mapWith(Number),
    })
    .from(generation)
    .where(sql`${generation.id} = any(${sql.param([...ids])}::uuid[])`);
  return new Map(found.map((answer) => [answer.id, answer]));
}
type Answers = Awaited<ReturnType<typeof selectAnswers>>;

function judgementReader(votes: readonly Vote[], answers: Answers): (vote: Vote) => Judgement | null {
  const labelOf = ratingLabels(votes);
  return (vote) => {
    const { rater, kind, milliseconds } = vote;
    const own = { rater, kind, ...(milliseconds !== null && { milliseconds }) };
    switch (vote.kind) {
      case 'thumb':
        return { ...own, item: vote.generationId, label: vote.up ? 1 : 0 };
      case 'rating': {
        const { generationId: item, rating, truth } = vote;
        if (truth === undefined) return { ...own, item, label: labelOf(rater, rating) };
        return { ...own, item, label: rating > MIDDLE ? 1 : 0, truth: truth > MIDDLE ? 1 : 0 };
      }
      case 'comparison': {
        const [left, right] = vote.pair;
        const isLeftA = left < right;
        const [a, b] = [answers.get(isLeftA ? left : right), answers.get(isLeftA ? right : left)];
        if (!a || !b) return null;
        const sideOf = ({ choice }: FeedbackValue<'comparison'>) =>
          choice === 'left' || choice === 'right' ? ((choice === 'left') === isLeftA ? 1 : 0) : 0.5;
        const known = vote.truth === undefined ? 0.5 : sideOf(vote.truth);
        return {
          ...own,
          item: `${a.id} ${b.id}`,
          label: sideOf(vote.value),
          first: (vote.shown[0] ?? left) === a.id ? 1 : -1,
          longer: Math.sign(a.tokens - b.tokens) as Lean,
          sources: [a.versionId, b.versionId],
          ...(known !== 0.5 && { truth: known }),
        };
      }
    }
  };
}

const MIDDLE = (LOWEST_RATING + HIGHEST_RATING) / 2;
/** Ratings of the crowd that a rater's mean starts from. */
const SHRINKAGE = 5;

/** Above a half for what a rater rates above their own mean, which is drawn towards the crowd's. */
function ratingLabels(votes: readonly Vote[]): (rater: string, rating: number) => number {
  const ratings = votes.flatMap((vote) => (vote.kind === 'rating' && vote.truth === undefined ? [vote] : []));
  const whole = mean(ratings.map(({ rating }) => rating));
  // Sheppard's correction: whole numbers hide a variance of 1/12.
  const spread = Math.sqrt(mean(ratings.map(({ rating }) => (rating - whole) ** 2)) + 1 / 12);
  const sums = new Map<string, { sum: number; n: number }>();
  for (const { rater, rating } of ratings) {
    const { sum, n } = sums.get(rater) ?? { sum: SHRINKAGE * whole, n: SHRINKAGE };
    sums.set(rater, { sum: sum + rating, n: n + 1 });
  }
  return (rater, rating) => {
    const { sum, n } = sums.get(rater)!;
    // The logistic with the slope of the normal distribution.
    return 1 / (1 + Math.exp((-1.702 * (rating - sum / n)) / spread));
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
