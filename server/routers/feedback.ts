// Feedback: given and withdrawn in one form for every kind. The author is the signed-in person.
import { z } from 'zod';
import { Feedback, FeedbackSubject } from '@/core/feedback/feedback';
import { FEEDBACK_KINDS } from '@/core/feedback/kinds';
import * as feedback from '@/server/services/feedback/feedback';
import { listFlaws } from '@/server/services/feedback/flaws';
import { history, listMine } from '@/server/services/feedback/mine';
import { contributions, trace } from '@/server/services/feedback/trace';
import { adminProcedure, router, userProcedure } from '../trpc';
import { Direction, Id, VersionId } from './inputs';

export const feedbackRouter = router({
  /** Takes the place of what the person has given on the same thing in the same kind. */
  give: userProcedure
    .input(Feedback)
    .mutation(({ ctx, input }) => feedback.give(ctx.product, ctx.user.id, input, 'chat')),
  /** The flaws that the chat offers. */
  flaws: userProcedure.query(({ ctx }) => listFlaws(ctx.product)),
  withdraw: userProcedure
    .input(FeedbackSubject)
    .mutation(({ ctx, input }) => feedback.withdraw(ctx.product, ctx.user.id, input)),
  mine: userProcedure
    .input(
      z
        .strictObject({
          kind: z.enum(FEEDBACK_KINDS).optional(),
          cursor: z.string().max(200).nullish(),
          direction: Direction.optional(),
        })
        .default({}),
    )
    .query(({ ctx, input }) => listMine(ctx.product, ctx.user.id, input)),
  history: userProcedure.input(FeedbackSubject).query(({ ctx, input }) => history(ctx.product, ctx.user.id, input)),
  /** From a vote to snapshots, runs, versions and gate reports. */
  trace: userProcedure.input(Id).query(({ ctx, input }) => trace(ctx.product, ctx.user.id, input.id)),
  /** From a version back to votes: how many of which kind, of how many people. Exact counts are for admins only. */
  contributions: adminProcedure
    .input(z.strictObject({ versionId: VersionId }))
    .query(({ ctx, input }) => contributions(ctx.product, input.versionId)),
});
