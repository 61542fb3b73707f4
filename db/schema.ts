// Exports every table of Attune, in the order in which a message becomes a version.
export * from './auth-schema';
export * from './schema/api';
export * from './schema/constraint';
export * from './schema/conversation';
export * from './schema/exchange';
export * from './schema/feedback';
export * from './schema/idempotency';
export * from './schema/judge';
export * from './schema/operation';
export * from './schema/rating';
export * from './schema/release';
export * from './schema/rollout';
export * from './schema/statistics';
export * from './schema/training';
export * from './schema/webhook';
