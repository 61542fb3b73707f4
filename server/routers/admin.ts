// What an admin sees and does: versions, training runs, experiments, settings, audit.
import { tracked } from '@trpc/server';
import { z } from 'zod';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { FEEDBACK_FILTERS, listFeedback } from '@/server/services/feedback/given-feedback';
import * as experiment from '@/server/services/version/experiment';
import * as release from '@/server/services/version/release';
import { listVersions } from '@/server/services/version/version';
import * as audit from '../services/audit';
import { overview } from '../services/overview';
import * as run from '../services/run';
import * as settings from '../services/settings';
import { adminProcedure, router } from '../trpc';
import { Id } from './inputs';

const Share = z.number().min(0).max(1);
/** The largest Postgres integer. */
const MAX_AUDIT_ID = 2 ** 31 - 1;
const VersionId = z.string().min(1).max(200);

export const adminRouter = router({
  overview: adminProcedure.query(({ ctx }) => overview(ctx.product)),
  versions: adminProcedure.query(({ ctx }) => listVersions(ctx.product)),

  runs: adminProcedure.query(({ ctx }) => run.list(ctx.product)),
  run: adminProcedure.input(Id).query(({ ctx, input }) => run.get(ctx.product, input.id)),
  watchRun: adminProcedure.input(Id.extend({ lastEventId: z.string().nullish() })).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const events = run.watch(ctx.product, input.id, signal ?? new AbortController().signal);
    for await (const { id, event } of events) yield tracked(id, event);
  }),
  startRun: adminProcedure
    .input(z.object({ config: z.record(z.string(), z.unknown()).optional() }).default({}))
    .mutation(({ ctx, input }) => run.start(ctx.product, ctx.user.id, input.config ?? {})),
  cancelRun: adminProcedure.input(Id).mutation(({ ctx, input }) => run.cancel(ctx.product, ctx.user.id, input.id)),

  promote: adminProcedure
    .input(z.object({ versionId: VersionId, expectedChampionId: VersionId.optional() }))
    .mutation(({ ctx, input }) => release.promote(ctx.product, ctx.user.id, input)),
  rollback: adminProcedure
    .input(z.object({ toVersionId: VersionId.optional(), expectedChampionId: VersionId.optional() }).default({}))
    .mutation(({ ctx, input }) => release.rollback(ctx.product, ctx.user.id, input)),

  experiments: adminProcedure.query(({ ctx }) => experiment.list(ctx.product)),
  startExperiment: adminProcedure
    .input(
      z.object({
        candidateVersionId: VersionId,
        share: Share,
        name: z.string().trim().min(1).max(TEXT_LIMITS.experimentName),
      }),
    )
    .mutation(({ ctx, input }) => experiment.start(ctx.product, ctx.user.id, input)),
  setShare: adminProcedure
    .input(Id.extend({ share: Share }))
    .mutation(({ ctx, input }) => experiment.setShare(ctx.product, ctx.user.id, input)),
  stopExperiment: adminProcedure
    .input(Id)
    .mutation(({ ctx, input }) => experiment.stop(ctx.product, ctx.user.id, input.id)),
  experimentResults: adminProcedure.input(Id).query(({ ctx, input }) => experiment.results(ctx.product, input.id)),

  feedback: adminProcedure
    .input(
      z.object({
        filter: z.enum(FEEDBACK_FILTERS).optional(),
        versionId: VersionId.optional(),
        cursor: z.string().max(200).nullish(),
      }),
    )
    .query(({ ctx, input }) => listFeedback(ctx.product, input)),

  settings: adminProcedure.query(({ ctx }) => settings.readSettings(ctx.product.db)),
  setSettings: adminProcedure
    .input(settings.SettingsPatch)
    .mutation(({ ctx, input }) => settings.writeSettings(ctx.product, ctx.user.id, input)),
  audit: adminProcedure
    .input(z.object({ cursor: z.int().positive().max(MAX_AUDIT_ID).nullish() }).default({}))
    .query(({ ctx, input }) => audit.list(ctx.product, input.cursor ?? null)),
});
