// What anyone may know about the product: its health, and what changed from version to version.
import { checkHealth } from '../services/health';
import { listChanges } from '../services/version/changes';
import { publicProcedure, router } from '../trpc';

export const systemRouter = router({
  changes: publicProcedure.query(({ ctx }) => listChanges(ctx.product, Date.now())),
  health: publicProcedure.query(({ ctx }) => checkHealth(ctx.product)),
});
