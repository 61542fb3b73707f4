// Statistics for admins: rankings of versions, trust in people, agreement of raters, and groups.
import { z } from 'zod';
import { readAgreement } from '@/server/services/statistics/agreement';
import { readGroups } from '@/server/services/statistics/groups';
import { LeaderboardControls, readLeaderboard } from '@/server/services/statistics/leaderboard';
import { readTrustOverview } from '@/server/services/statistics/trust';
import { adminProcedure, router } from '../trpc';
import { VersionId } from './inputs';

export const statisticsRouter = router({
  leaderboard: adminProcedure
    .input(LeaderboardControls.prefault({}))
    .query(({ ctx, input }) => readLeaderboard(ctx.product, input)),
  trust: adminProcedure.query(({ ctx }) => readTrustOverview(ctx.product)),
  agreement: adminProcedure.query(({ ctx }) => readAgreement(ctx.product)),
  groups: adminProcedure
    .input(z.strictObject({ versionId: VersionId.optional() }).default({}))
    .query(({ ctx, input }) => readGroups(ctx.product, input)),
});
