// What anyone may know about the product: its health, what changed from version to version, and figures that are public.
import { readPublicFigures } from '../services/figures/figures';
import { checkHealth } from '../services/health';
import { listChanges } from '../services/version/changes';
import { publicProcedure, router } from '../trpc';

export const systemRouter = router({
  changes: publicProcedure.query(({ ctx }) => listChanges(ctx.product, Date.now())),
  figures: publicProcedure.query(({ ctx }) => readPublicFigures(ctx.product)),
  health: publicProcedure.query(({ ctx }) => checkHealth(ctx.product)),
});
