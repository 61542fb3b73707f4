// The signed-in person's API keys and usage.
import { z } from 'zod';
import * as apiKey from '@/server/services/account/api-key';
import { listUsage } from '../services/usage';
import { memberProcedure, router, userProcedure } from '../trpc';
import { Id } from './inputs';

export const apiKeyRouter = router({
  list: userProcedure.query(({ ctx }) => apiKey.list(ctx.product, ctx.user.id)),
  create: memberProcedure
    .input(z.strictObject({ name: z.string(), allowTraining: z.boolean() }))
    .mutation(({ ctx, input }) => apiKey.create(ctx.product, ctx.user.id, input)),
  revoke: userProcedure.input(Id).mutation(({ ctx, input }) => apiKey.revoke(ctx.product, ctx.user.id, input.id)),
  usage: userProcedure.query(({ ctx }) => listUsage(ctx.product, ctx.user.id)),
});
