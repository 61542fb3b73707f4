// People, for admins: the list, and the role of each.
import { z } from 'zod';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import * as user from '@/server/services/account/user';
import { adminProcedure, router } from '../trpc';
import { Direction } from './inputs';

export const userRouter = router({
  list: adminProcedure
    .input(
      z.strictObject({
        query: z.string().max(TEXT_LIMITS.search).optional(),
        show: z.enum(['accounts', 'admins', 'raters', 'guests']).default('accounts'),
        cursor: z.int().min(0).max(1_000_000).nullish(),
        direction: Direction.optional(),
      }),
    )
    .query(({ ctx, input }) => user.list(ctx.product, input)),
  setRole: adminProcedure
    .input(z.strictObject({ id: z.string().min(1).max(100), role: z.enum(user.ROLES) }))
    .mutation(({ ctx, input }) => user.setRole(ctx.product, ctx.user.id, input)),
});
