// The router of the whole API, and the types that pages read from it.
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { createCallerFactory, router } from '../trpc';
import { accountRouter } from './account';
import { adminRouter } from './admin';
import { apiKeyRouter } from './api-key';
import { chatRouter } from './chat';
import { conversationRouter } from './conversation';
import { feedbackRouter } from './feedback';
import { judgeRouter } from './judge';
import { ratingAdminRouter } from './rating/admin';
import { ratingRouter } from './rating/rating';
import { ruleRouter } from './rule';
import { statisticsRouter } from './statistics';
import { systemRouter } from './system';
import { userRouter } from './user';
import { versionRouter } from './version';
import { webhookRouter } from './webhook';

export const appRouter = router({
  chat: chatRouter,
  conversation: conversationRouter,
  feedback: feedbackRouter,
  apiKey: apiKeyRouter,
  account: accountRouter,
  user: userRouter,
  admin: adminRouter,
  rating: ratingRouter,
  ratingAdmin: ratingAdminRouter,
  judge: judgeRouter,
  rule: ruleRouter,
  statistics: statisticsRouter,
  version: versionRouter,
  system: systemRouter,
  webhook: webhookRouter,
});
export const createCaller = createCallerFactory(appRouter);
export type AppRouter = typeof appRouter;
export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;
