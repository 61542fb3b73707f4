// Feedback: given and withdrawn in one form for every kind. The author is the signed-in person.
import { z } from 'zod';
import { Comment, Feedback, FeedbackSubject } from '@/core/feedback/feedback';
import { CHOICES, FEEDBACK_VALUES, Id, STRENGTHS } from '@/core/feedback/kinds';
import * as feedback from '@/server/services/feedback/feedback';
import { router, userProcedure } from '../trpc';

export const feedbackRouter = router({
  /** Takes the place of what the person has given on the same thing in the same kind. */
  give: userProcedure
    .input(Feedback)
    .mutation(({ ctx, input }) => feedback.give(ctx.product, ctx.user.id, input, 'chat')),
  withdraw: userProcedure
    .input(FeedbackSubject)
    .mutation(({ ctx, input }) => feedback.withdraw(ctx.product, ctx.user.id, input)),
  /** Unlike `give`, keeps the reasons that are there when none are sent. */
  thumb: userProcedure
    .input(
      z.object({
        generationId: Id,
        value: z.union([z.literal(1), z.literal(-1), z.null()]),
        reasons: FEEDBACK_VALUES.thumb.shape.reasons.unwrap().optional(),
        comment: Comment,
      }),
    )
    .mutation(({ ctx, input }) => feedback.thumb(ctx.product, ctx.user.id, input, 'chat')),
  compare: userProcedure
    .input(z.object({ comparisonId: Id, choice: z.enum(CHOICES), strength: z.enum(STRENGTHS).optional() }))
    .mutation(({ ctx, input: { comparisonId, ...value } }) =>
      feedback.give(ctx.product, ctx.user.id, { kind: 'comparison', comparisonId, value }, 'chat'),
    ),
  prefer: userProcedure
    .input(z.object({ preferredGenerationId: Id, otherGenerationId: Id, strength: z.enum(STRENGTHS).optional() }))
    .mutation(({ ctx, input }) => feedback.prefer(ctx.product, ctx.user.id, input, 'chat')),
});
