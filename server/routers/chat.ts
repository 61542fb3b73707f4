// Chat: write a message, read its answer as a resumable stream, stop it.
import { tracked } from '@trpc/server';
import { z } from 'zod';
import * as generation from '@/server/services/generation/generation';
import * as chat from '../services/chat/chat';
import { limits, measureText } from '../services/chat/size';
import { router, userProcedure } from '../trpc';
import { forever, SamplingOverride } from './inputs';

export const chatRouter = router({
  send: userProcedure
    .input(
      z.strictObject({
        conversationId: z.uuid(),
        parentId: z.uuid().nullable(),
        text: z.string(),
        clientMessageId: z.uuid(),
        allowTraining: z.boolean().optional(),
        sampling: SamplingOverride.optional(),
      }),
    )
    .mutation(({ ctx, input, signal }) => chat.send(ctx.product, ctx.user.id, input, signal ?? forever)),

  limits: userProcedure.query(({ ctx }) => limits(ctx.product)),
  /** A mutation only because a query would put the text into the URL. */
  measure: userProcedure
    .input(z.strictObject({ text: z.string() }))
    .mutation(({ ctx, input }) => measureText(ctx.product, input.text)),

  regenerate: userProcedure
    .input(z.strictObject({ messageId: z.uuid(), clientMessageId: z.uuid() }))
    .mutation(({ ctx, input }) => chat.regenerate(ctx.product, ctx.user.id, input)),

  stream: userProcedure
    .input(z.strictObject({ generationId: z.uuid(), lastEventId: z.string().nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const events = generation.watch(ctx.product, ctx.user.id, input, signal ?? forever);
      for await (const { id, event } of events) yield tracked(id, event);
    }),

  stop: userProcedure
    .input(z.strictObject({ generationId: z.uuid() }))
    .mutation(({ ctx, input }) => generation.stop(ctx.product, ctx.user.id, input.generationId)),
});
