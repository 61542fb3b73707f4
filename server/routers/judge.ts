// AI feedback for admins: the constitution, judges, their figures and their labels.
import { z } from 'zod';
import { Constitution } from '@/core/judging/constitution';
import { JudgePatch, NewJudge } from '@/core/judging/judge';
import * as constitution from '@/server/services/judge/constitution';
import * as judge from '@/server/services/judge/judge';
import { adminProcedure, router } from '../trpc';
import { Id } from './inputs';

const Version = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

export const judgeRouter = router({
  constitutions: adminProcedure.query(({ ctx }) => constitution.listConstitutions(ctx.product)),
  writeConstitution: adminProcedure
    .input(z.strictObject({ principles: Constitution, basedOn: Version.nullable() }))
    .mutation(({ ctx, input }) => constitution.writeConstitution(ctx.product, ctx.user.id, input)),
  restoreConstitution: adminProcedure
    .input(z.strictObject({ version: Version }))
    .mutation(({ ctx, input }) => constitution.restoreConstitution(ctx.product, ctx.user.id, input.version)),

  list: adminProcedure.query(({ ctx }) => judge.listJudges(ctx.product)),
  add: adminProcedure.input(NewJudge).mutation(({ ctx, input }) => judge.addJudge(ctx.product, ctx.user.id, input)),
  change: adminProcedure
    .input(z.strictObject({ id: z.uuid(), change: JudgePatch }))
    .mutation(({ ctx, input }) => judge.changeJudge(ctx.product, ctx.user.id, input)),
  retire: adminProcedure.input(Id).mutation(({ ctx, input }) => judge.retireJudge(ctx.product, ctx.user.id, input.id)),
  setActivity: adminProcedure
    .input(z.strictObject({ id: z.uuid(), activity: z.enum(['idle', 'measure', 'label']) }))
    .mutation(({ ctx, input }) => judge.setActivity(ctx.product, ctx.user.id, input)),
  labels: adminProcedure
    .input(z.strictObject({ judgeId: z.uuid().nullable() }))
    .query(({ ctx, input }) => judge.listLabels(ctx.product, input.judgeId)),
});
