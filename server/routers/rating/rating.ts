// Work at /rate: the next task, an answer to it, and going back. The rater is the signed-in person.
import { z } from 'zod';
import { SKIP_REASONS, TaskAnswer } from '@/core/feedback/task-answers';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { answerTask, readPast, skipTask, undoTask } from '@/server/services/rating/answer';
import { claim } from '@/server/services/rating/claim';
import { readCounts, readProgress } from '@/server/services/rating/progress';
import { raterProcedure, router } from '../../trpc';

/** The midnight that began the rater's day: only the browser knows it. */
const MOST_HOURS = 48;
/** A midnight somewhere on earth, in the time zone of the reader. */
const Day = z.strictObject({
  dayStart: z
    .date()
    .refine(
      (date) => Math.abs(date.getTime() - Date.now()) <= MOST_HOURS * 3_600_000,
      'must be the beginning of today',
    ),
});
const AssignmentId = z.strictObject({ assignmentId: z.uuid() });
/** A rater goes back over the last answers, not over all. */
const MOST_BACK = 50;

export const ratingRouter = router({
  progress: raterProcedure.input(Day).query(({ ctx, input }) => readProgress(ctx.product, ctx.user, input.dayStart)),
  /** Less work than `progress`: it is asked for after every answer. */
  counts: raterProcedure.input(Day).query(({ ctx, input }) => readCounts(ctx.product, ctx.user, input.dayStart)),
  /** A mutation, because it locks a place. */
  claim: raterProcedure
    .input(z.strictObject({ taskId: z.uuid().optional() }).default({}))
    .mutation(({ ctx, input }) => claim(ctx.product, ctx.user, input)),
  answer: raterProcedure
    .input(AssignmentId.extend({ answer: TaskAnswer, comment: z.string().max(TEXT_LIMITS.comment).nullish() }))
    .mutation(({ ctx, input }) => answerTask(ctx.product, ctx.user, input)),
  skip: raterProcedure
    .input(AssignmentId.extend({ reason: z.enum(SKIP_REASONS) }))
    .mutation(({ ctx, input }) => skipTask(ctx.product, ctx.user, input)),
  past: raterProcedure
    .input(z.strictObject({ back: z.int().min(1).max(MOST_BACK) }))
    .query(({ ctx, input }) => readPast(ctx.product, ctx.user, input.back)),
  undo: raterProcedure
    .input(AssignmentId)
    .mutation(({ ctx, input }) => undoTask(ctx.product, ctx.user, input.assignmentId)),
});
