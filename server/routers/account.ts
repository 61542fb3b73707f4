// Account: the consent to training that new chats begin with.
import { z } from 'zod';
import * as account from '../services/account';
import { router, userProcedure } from '../trpc';

export const accountRouter = router({
  get: userProcedure.query(({ ctx }) => account.get(ctx.product, ctx.user.id)),
  setAllowTraining: userProcedure
    .input(z.object({ allowTraining: z.boolean() }))
    .mutation(({ ctx, input }) => account.setAllowTraining(ctx.product, ctx.user.id, input.allowTraining)),
});
