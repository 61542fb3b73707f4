// What an admin sees and does about rules: their settings, versions and hits, tried out before they are saved.
import { z } from 'zod';
import { RULE_LIMITS, RuleBase } from '@/core/constraints/rule';
import { Rule } from '@/core/constraints/rules';
import * as change from '@/server/services/rule/change';
import { listHits, markFalseHit, unmarkFalseHit } from '@/server/services/rule/found';
import { listRules, listVersions } from '@/server/services/rule/list';
import { previewRule, tryRule } from '@/server/services/rule/try';
import { adminProcedure, router } from '../trpc';
import { Direction, forever, Id } from './inputs';

/** The largest Postgres integer. */
const Version = z
  .int()
  .positive()
  .max(2 ** 31 - 1);
const RuleId = z.strictObject({ id: RuleBase.shape.id });

export const ruleRouter = router({
  list: adminProcedure.query(({ ctx }) => listRules(ctx.product)),
  versions: adminProcedure.input(RuleId).query(({ ctx, input }) => listVersions(ctx.product, input.id)),

  /** Without an expected version the rule is new. */
  save: adminProcedure
    .input(z.strictObject({ rule: Rule, expectedVersion: Version.nullable(), needsVerdict: z.boolean().default(true) }))
    .mutation(({ ctx, input, signal }) => change.saveRule(ctx.product, ctx.user.id, input, signal ?? forever)),
  remove: adminProcedure
    .input(RuleId.extend({ expectedVersion: Version }))
    .mutation(({ ctx, input }) => change.removeRule(ctx.product, ctx.user.id, input)),
  restore: adminProcedure
    .input(RuleId.extend({ version: Version, expectedVersion: Version }))
    .mutation(({ ctx, input }) => change.restoreRule(ctx.product, ctx.user.id, input)),

  /** Mutations only because queries would put the rule into the URL. */
  try: adminProcedure
    .input(z.strictObject({ rule: Rule, text: z.string().max(RULE_LIMITS.exampleText) }))
    .mutation(({ ctx, input, signal }) => tryRule(ctx.product, input, signal ?? forever)),
  preview: adminProcedure
    .input(z.strictObject({ rule: Rule }))
    .mutation(({ ctx, input, signal }) => previewRule(ctx.product, input.rule, signal ?? forever)),

  hits: adminProcedure
    .input(RuleId.extend({ cursor: z.string().max(200).nullish(), direction: Direction.optional() }))
    .query(({ ctx, input }) => listHits(ctx.product, input.id, input.cursor ?? null)),
  markFalse: adminProcedure.input(Id).mutation(({ ctx, input }) => markFalseHit(ctx.product, ctx.user.id, input.id)),
  /** `version` is the one that the mark wrote. */
  unmarkFalse: adminProcedure
    .input(Id.extend({ version: Version.nullable() }))
    .mutation(({ ctx, input }) => unmarkFalseHit(ctx.product, ctx.user.id, input)),
});
