// The HTTP status of each kind of error, for everything that the product serves except /v1, which follows OpenAI's.
import type { ErrorCode } from '@/core/errors';

export const STATUS: Record<ErrorCode, number> = {
  BAD_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LONG: 413,
  CONSTRAINT: 422,
  OVERLOADED: 429,
  CANCELLED: 499,
  CORRUPT: 500,
  INTERNAL: 500,
  UNSUPPORTED: 501,
  UNAVAILABLE: 503,
};
/** For an error that does not say how long to wait. */
export const RETRY_AFTER_SECONDS = 2;
