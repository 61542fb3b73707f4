// What an admin sees and does: training runs, releases, experiments, feedback, snapshots, settings, audit.
import { tracked } from '@trpc/server';
import { z } from 'zod';
import { AUDIT_AREAS } from '@/core/audit-actions';
import { RULE_TEMPLATES } from '@/core/constraints/templates';
import { FEEDBACK_KINDS, FEEDBACK_SOURCES } from '@/core/feedback/kinds';
import { CANARY_ACTS, CanarySettings } from '@/core/rollout/canary';
import { ExperimentPlan } from '@/core/rollout/experiment';
import { Split } from '@/core/snapshot/rows';
import { ROW_KINDS } from '@/core/snapshot/snapshot';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { live } from '@/server/services/cockpit/live';
import { overview } from '@/server/services/cockpit/overview';
import * as exclusion from '@/server/services/feedback/exclusion';
import { CONSENTS, FEEDBACK_MARKS } from '@/server/services/feedback/filter';
import { listFeedback } from '@/server/services/feedback/given-feedback';
import { readFigures } from '@/server/services/figures/figures';
import { listRows } from '@/server/services/snapshot/rows';
import { getSnapshot } from '@/server/services/snapshot/summary';
import * as canary from '@/server/services/version/canary';
import * as experiment from '@/server/services/version/experiment';
import { forecast } from '@/server/services/version/experiment-forecast';
import { results } from '@/server/services/version/experiment-results';
import * as release from '@/server/services/version/release';
import * as audit from '../services/audit';
import { checkRun } from '../services/run/check';
import { readOptions } from '../services/run/options';
import { listQueue } from '../services/run/queue';
import * as run from '../services/run/run';
import { readTrigger } from '../services/run/trigger';
import { watch } from '../services/run/watch';
import * as settings from '../services/settings';
import { adminProcedure, router } from '../trpc';
import { Direction, forever, Id, VersionId } from './inputs';

const Share = z.number().min(0).max(1);
/** The largest Postgres integer. */
const MAX_AUDIT_ID = 2 ** 31 - 1;
/** Fields over a preset; `checkRun` and `startRun` say what is wrong with them. */
const RunConfig = z.record(z.string(), z.unknown());
/** What an admin decides about feedback, and why. */
const Decision = z.strictObject({ id: z.uuid(), reason: z.string().trim().min(1).max(TEXT_LIMITS.comment) });

const Reason = z.string().trim().min(1).max(TEXT_LIMITS.comment);
/** The pages always ask for one; a script may have none. */
const ReleaseReason = z.strictObject({ reason: Reason.optional() });

export const adminRouter = router({
  live: adminProcedure.query(({ ctx }) => live(ctx.product)),
  figures: adminProcedure.query(({ ctx }) => readFigures(ctx.product)),
  overview: adminProcedure.query(({ ctx }) => overview(ctx.product)),
  ruleTemplates: adminProcedure.query(() => RULE_TEMPLATES),

  runs: adminProcedure.query(({ ctx }) => run.list(ctx.product)),
  run: adminProcedure.input(Id).query(({ ctx, input }) => run.get(ctx.product, input.id)),
  watchRun: adminProcedure.input(Id.extend({ lastEventId: z.string().nullish() })).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const events = watch(ctx.product, input.id, signal ?? forever);
    for await (const { id, event } of events) yield tracked(id, event);
  }),
  runQueue: adminProcedure.query(({ ctx }) => listQueue(ctx.product)),
  runOptions: adminProcedure
    .input(z.strictObject({ repeat: z.uuid().nullable() }))
    .query(({ ctx, input }) => readOptions(ctx.product, input.repeat)),
  checkRun: adminProcedure
    .input(z.strictObject({ config: RunConfig }))
    .query(({ ctx, input }) => checkRun(ctx.product, input.config)),
  startRun: adminProcedure
    .input(z.strictObject({ config: RunConfig.optional() }).default({}))
    .mutation(({ ctx, input }) => run.start(ctx.product, ctx.user.id, input.config ?? {})),
  trigger: adminProcedure.query(({ ctx }) => readTrigger(ctx.product)),
  cancelRun: adminProcedure.input(Id).mutation(({ ctx, input }) => run.cancel(ctx.product, ctx.user.id, input.id)),

  promote: adminProcedure
    .input(ReleaseReason.extend({ versionId: VersionId, expectedChampionId: VersionId.optional() }))
    .mutation(({ ctx, input }) => release.promote(ctx.product, ctx.user.id, input)),
  rollback: adminProcedure
    .input(
      ReleaseReason.extend({ toVersionId: VersionId.optional(), expectedChampionId: VersionId.optional() }).default({}),
    )
    .mutation(({ ctx, input }) => release.rollback(ctx.product, ctx.user.id, input)),

  experiments: adminProcedure.query(({ ctx }) => experiment.list(ctx.product)),
  startExperiment: adminProcedure
    .input(experiment.NewExperiment)
    .mutation(({ ctx, input }) => experiment.start(ctx.product, ctx.user.id, input)),
  forecastExperiment: adminProcedure
    .input(z.strictObject({ plan: ExperimentPlan.prefault({}), share: Share, part: z.number().min(0.01).max(1) }))
    .query(({ ctx, input }) => forecast(ctx.product, input)),
  setShare: adminProcedure
    .input(Id.extend({ share: Share }))
    .mutation(({ ctx, input }) => experiment.setShare(ctx.product, ctx.user.id, input)),
  stopExperiment: adminProcedure
    .input(Id)
    .mutation(({ ctx, input }) => experiment.stop(ctx.product, ctx.user.id, input.id)),
  experimentResults: adminProcedure.input(Id).query(({ ctx, input }) => results(ctx.product, input.id)),

  canaries: adminProcedure.query(({ ctx }) => canary.list(ctx.product)),
  startCanary: adminProcedure
    .input(z.strictObject({ candidateVersionId: VersionId, settings: CanarySettings.prefault({}) }))
    .mutation(({ ctx, input }) => canary.start(ctx.product, ctx.user.id, input)),
  steerCanary: adminProcedure
    .input(Id.extend({ act: z.enum(CANARY_ACTS), reason: Reason }))
    .mutation(({ ctx, input }) => canary.steer(ctx.product, ctx.user.id, input)),

  feedback: adminProcedure
    .input(
      z
        .strictObject({
          kind: z.enum(FEEDBACK_KINDS),
          versionId: VersionId,
          mark: z.enum(FEEDBACK_MARKS),
          source: z.enum(FEEDBACK_SOURCES),
          reason: z.string().min(1).max(TEXT_LIMITS.reason),
          rater: z.string().max(TEXT_LIMITS.search),
          consent: z.enum(CONSENTS),
          text: z.string().max(TEXT_LIMITS.search),
          isExcluded: z.boolean(),
          snapshotId: z.uuid(),
          cursor: z.string().max(200).nullable(),
          direction: Direction,
        })
        .partial(),
    )
    .query(({ ctx, input }) => listFeedback(ctx.product, input)),
  excludeFeedback: adminProcedure
    .input(Decision)
    .mutation(({ ctx, input }) => exclusion.exclude(ctx.product, ctx.user.id, input)),
  restoreFeedback: adminProcedure
    .input(Decision)
    .mutation(({ ctx, input }) => exclusion.restore(ctx.product, ctx.user.id, input)),

  snapshot: adminProcedure.input(Id).query(({ ctx, input }) => getSnapshot(ctx.product, input.id)),
  snapshotRows: adminProcedure
    .input(
      z.strictObject({
        id: z.uuid(),
        kind: z.enum(ROW_KINDS).optional(),
        split: Split.optional(),
        cursor: z.int().min(0).nullish(),
        direction: Direction.optional(),
      }),
    )
    .query(({ ctx, input }) => listRows(ctx.product, input)),

  settings: adminProcedure.query(({ ctx }) => settings.readSettings(ctx.product.db)),
  setSettings: adminProcedure
    .input(settings.SettingsPatch)
    .mutation(({ ctx, input }) => settings.writeSettings(ctx.product, ctx.user.id, input)),
  audit: adminProcedure
    .input(
      z
        .strictObject({
          cursor: z.int().positive().max(MAX_AUDIT_ID).nullable(),
          direction: Direction,
          area: z.enum(AUDIT_AREAS),
          actor: z.string().max(TEXT_LIMITS.search),
          subject: z.string().max(TEXT_LIMITS.search),
          from: z.date(),
          until: z.date(),
        })
        .partial()
        .default({}),
    )
    .query(({ ctx, input }) => audit.list(ctx.product, input)),
});
