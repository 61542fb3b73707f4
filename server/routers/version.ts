// Versions of the model, for admins: the registry and all that one may do to a version but release it.
import { z } from 'zod';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { VERSION_STATES, VersionTag } from '@/core/versions';
import { answerSideBySide } from '@/server/services/version/compare/answers';
import { compareVersions } from '@/server/services/version/compare/figures';
import { getVersion } from '@/server/services/version/registry/detail';
import * as labels from '@/server/services/version/registry/labels';
import { figuresOf, listNames, listPage, registry } from '@/server/services/version/registry/list';
import { deleteFiles, restore, retire } from '@/server/services/version/registry/retire';
import { adminProcedure, router } from '../trpc';
import { Direction, forever, VersionId } from './inputs';

const TwoVersions = z.strictObject({ a: VersionId, b: VersionId });
const PromptSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('examples') }),
  z.strictObject({ kind: z.literal('set'), id: z.uuid() }),
  z.strictObject({ kind: z.literal('own'), text: z.string().trim().min(1).max(TEXT_LIMITS.comment) }),
]);
const OneVersion = z.strictObject({ id: VersionId });
const Tagging = OneVersion.extend({ tag: VersionTag });
const MOST_SEED = 10 ** 9;
const MOST_TOKENS = 512;
/** A page of the list. */
const MOST_FIGURES = 50;

export const versionRouter = router({
  registry: adminProcedure.query(({ ctx }) => registry(ctx.product)),
  names: adminProcedure.query(({ ctx }) => listNames(ctx.product)),
  list: adminProcedure
    .input(
      z
        .strictObject({
          state: z.enum(VERSION_STATES),
          tag: VersionTag,
          text: z.string().trim().min(1).max(TEXT_LIMITS.search),
          cursor: VersionId.nullable(),
          direction: Direction,
        })
        .partial(),
    )
    .query(({ ctx, input }) => listPage(ctx.product, input)),
  figures: adminProcedure
    .input(z.strictObject({ ids: z.array(VersionId).min(1).max(MOST_FIGURES) }))
    .query(({ ctx, input }) => figuresOf(ctx.product, input.ids)),
  get: adminProcedure.input(OneVersion).query(({ ctx, input }) => getVersion(ctx.product, input.id)),

  compare: adminProcedure.input(TwoVersions).query(({ ctx, input }) => compareVersions(ctx.product, input)),
  answers: adminProcedure
    .input(
      TwoVersions.extend({
        source: PromptSource,
        seed: z.int().min(0).max(MOST_SEED),
        maxTokens: z.int().min(1).max(MOST_TOKENS),
      }),
    )
    .subscription(({ ctx, input, signal }) => answerSideBySide(ctx.product, input, signal ?? forever)),

  addTag: adminProcedure.input(Tagging).mutation(({ ctx, input }) => labels.addTag(ctx.product, ctx.user.id, input)),
  removeTag: adminProcedure
    .input(Tagging)
    .mutation(({ ctx, input }) => labels.removeTag(ctx.product, ctx.user.id, input)),
  setNote: adminProcedure
    .input(OneVersion.extend({ note: z.string().max(TEXT_LIMITS.comment) }))
    .mutation(({ ctx, input }) => labels.setNote(ctx.product, ctx.user.id, input)),
  retire: adminProcedure
    .input(OneVersion.extend({ reason: z.string().trim().min(1).max(TEXT_LIMITS.comment) }))
    .mutation(({ ctx, input }) => retire(ctx.product, ctx.user.id, input)),
  restore: adminProcedure.input(OneVersion).mutation(({ ctx, input }) => restore(ctx.product, ctx.user.id, input.id)),
  deleteFiles: adminProcedure
    .input(OneVersion)
    .mutation(({ ctx, input }) => deleteFiles(ctx.product, ctx.user.id, input.id)),
});
