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
import { ratingRouter } from './rating';
import { ratingAdminRouter } from './rating-admin';
import { ruleRouter } from './rule';
import { statisticsRouter } from './statistics';
import { systemRouter } from './system';
import { userRouter } from './user';
import { versionRouter } from './version';

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
});
export const createCaller = createCallerFactory(appRouter);
export type AppRouter = typeof appRouter;
export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;
