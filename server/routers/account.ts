// Account: the consent to training that new chats begin with, and the first password.
import { z } from 'zod';
import * as account from '@/server/services/account/account';
import { memberProcedure, router, userProcedure } from '../trpc';

/** better-auth's own bounds. */
const Password = z.string().min(8).max(128);

export const accountRouter = router({
  get: userProcedure.query(({ ctx }) => account.get(ctx.product, ctx.user.id)),
  setAllowTraining: userProcedure
    .input(z.object({ allowTraining: z.boolean() }))
    .mutation(({ ctx, input }) => account.setAllowTraining(ctx.product, ctx.user.id, input.allowTraining)),
  hasPassword: userProcedure.query(({ ctx }) => account.hasPassword(ctx.product.db, ctx.user.id)),
  setFirstPassword: memberProcedure
    .input(z.object({ password: Password }))
    .mutation(({ ctx, input }) => account.setFirstPassword(ctx.product, ctx.user.id, input.password)),
});
