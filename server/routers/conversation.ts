// Conversations: list, read, rename, remove, and consent to training.
import { z } from 'zod';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import * as conversation from '../services/conversation';
import { router, userProcedure } from '../trpc';
import { Direction, Id } from './inputs';

export const conversationRouter = router({
  list: userProcedure
    .input(
      z
        .strictObject({
          query: z.string().max(TEXT_LIMITS.search).optional(),
          cursor: z.string().nullish(),
          direction: Direction.optional(),
        })
        .default({}),
    )
    .query(({ ctx, input }) => conversation.list(ctx.product, ctx.user.id, input)),
  get: userProcedure.input(Id).query(({ ctx, input }) => conversation.get(ctx.product, ctx.user.id, input.id)),
  rename: userProcedure
    .input(Id.extend({ title: z.string() }))
    .mutation(({ ctx, input }) => conversation.rename(ctx.product, ctx.user.id, input)),
  remove: userProcedure.input(Id).mutation(({ ctx, input }) => conversation.remove(ctx.product, ctx.user.id, input.id)),
  removeAll: userProcedure.mutation(({ ctx }) => conversation.removeAll(ctx.product, ctx.user.id)),
  setAllowTraining: userProcedure
    .input(Id.extend({ allowTraining: z.boolean() }))
    .mutation(({ ctx, input }) => conversation.setAllowTraining(ctx.product, ctx.user.id, input)),
});
