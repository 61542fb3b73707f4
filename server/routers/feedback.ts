// Feedback: thumbs, choices between two answers, and a preferred regeneration. The author is the signed-in person.
import { z } from 'zod';
import { MAX_REASONS, TEXT_LIMITS } from '@/core/text/text-limits';
import * as feedback from '@/server/services/feedback/feedback';
import { router, userProcedure } from '../trpc';

export const feedbackRouter = router({
  thumb: userProcedure
    .input(
      z.object({
        generationId: z.uuid(),
        value: z.union([z.literal(1), z.literal(-1), z.null()]),
        reasons: z.array(z.string().min(1).max(TEXT_LIMITS.reason)).max(MAX_REASONS).optional(),
        comment: z.string().max(TEXT_LIMITS.comment).nullable().optional(),
      }),
    )
    .mutation(({ ctx, input }) => feedback.thumb(ctx.product, ctx.user.id, input)),
  compare: userProcedure
    .input(z.object({ comparisonId: z.uuid(), choice: z.enum(['left', 'right', 'tie', 'both_bad']) }))
    .mutation(({ ctx, input }) => feedback.compare(ctx.product, ctx.user.id, input)),
  prefer: userProcedure
    .input(z.object({ preferredGenerationId: z.uuid(), otherGenerationId: z.uuid() }))
    .mutation(({ ctx, input }) => feedback.prefer(ctx.product, ctx.user.id, input)),
  /** Withdraws a choice between two answers. */
  withdraw: userProcedure
    .input(z.object({ comparisonId: z.uuid() }))
    .mutation(({ ctx, input }) => feedback.withdraw(ctx.product, ctx.user.id, input.comparisonId)),
});
