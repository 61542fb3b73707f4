// Account: consent, weak signals, what a person says of themselves, the first password, and the account's end.
import { z } from 'zod';
import { SelfGroups } from '@/core/groups';
import { MIN_PASSWORD, TEXT_LIMITS } from '@/core/text/text-limits';
import * as account from '@/server/services/account/account';
import * as removal from '@/server/services/account/removal';
import { memberProcedure, router, userProcedure } from '../trpc';

const Password = z.string().min(MIN_PASSWORD).max(TEXT_LIMITS.password);

export const accountRouter = router({
  get: userProcedure.query(({ ctx }) => account.get(ctx.product, ctx.user.id)),
  setAllowTraining: userProcedure
    .input(z.strictObject({ allowTraining: z.boolean() }))
    .mutation(({ ctx, input }) => account.setAllowTraining(ctx.product, ctx.user.id, input.allowTraining)),
  setAllowSignals: userProcedure
    .input(z.strictObject({ allowSignals: z.boolean() }))
    .mutation(({ ctx, input }) => account.setAllowSignals(ctx.product, ctx.user.id, input.allowSignals)),
  setGroups: userProcedure
    .input(SelfGroups)
    .mutation(({ ctx, input }) => account.setGroups(ctx.product, ctx.user.id, input)),
  hasPassword: userProcedure.query(({ ctx }) => account.hasPassword(ctx.product.db, ctx.user.id)),
  setFirstPassword: memberProcedure
    .input(z.strictObject({ password: Password }))
    .mutation(({ ctx, input }) => account.setFirstPassword(ctx.product, ctx.user.id, input.password)),
  /** The text is the person's own e-mail address, or a guest's word (core/text/confirmation.ts). */
  remove: userProcedure
    .input(z.strictObject({ confirmation: z.string().max(320) }))
    .mutation(({ ctx, input }) => removal.remove(ctx.product, ctx.user.id, input.confirmation)),
});
