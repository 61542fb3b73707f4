// Webhooks for admins: where events are sent, and what became of them.
import { z } from 'zod';
import { WEBHOOK_EVENTS } from '@/core/webhooks/events';
import * as webhook from '@/server/services/webhook/webhook';
import { adminProcedure, router } from '../trpc';
import { Id } from './inputs';

const Events = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .transform((events) => [...new Set(events)]);

export const webhookRouter = router({
  list: adminProcedure.query(({ ctx }) => webhook.list(ctx.product)),
  add: adminProcedure
    .input(z.strictObject({ url: z.string().trim().min(1).max(2000), events: Events }))
    .mutation(({ ctx, input }) => webhook.add(ctx.product, ctx.user.id, input)),
  change: adminProcedure
    .input(z.strictObject({ id: z.uuid(), isOn: z.boolean().optional(), events: Events.optional() }))
    .mutation(({ ctx, input }) => webhook.change(ctx.product, ctx.user.id, input)),
  remove: adminProcedure.input(Id).mutation(({ ctx, input }) => webhook.remove(ctx.product, ctx.user.id, input.id)),
  renewSecret: adminProcedure
    .input(Id)
    .mutation(({ ctx, input }) => webhook.renewSecret(ctx.product, ctx.user.id, input.id)),
  test: adminProcedure.input(Id).mutation(({ ctx, input }) => webhook.sendTest(ctx.product, ctx.user.id, input.id)),
});
