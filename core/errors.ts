// The one error type: a code, a sentence that names the bad value and the way out, and a cause.

export const ERROR_CODES = [
  'BAD_INPUT', // the caller can mend it by sending something else
  'NOT_FOUND',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'CONFLICT', // the state is not the one that the change expects
  'OVERLOADED', // try again later
  'TOO_LONG', // prompt or message over a limit
  'CORRUPT', // a file is not what its name, hash or header says
  'UNSUPPORTED', // a feature of a model or file that this build does not have
  'UNAVAILABLE', // a process or device that is needed is not there
  'CANCELLED',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  cause?: unknown;
  /** The field of the request that is at fault. */
  param?: string;
  /** When to try again. */
  retryAfterSeconds?: number;
}

const NAME = 'AttuneError';

export class AttuneError extends Error {
  /** By name: Next compiles this file into several bundles, and an error made in one is caught in another. */
  static override [Symbol.hasInstance](value: unknown): value is AttuneError {
    return value instanceof Error && value.name === NAME;
  }

  override readonly name = NAME;
  readonly param: string | null;
  readonly retryAfterSeconds: number | null;
  constructor(
    readonly code: ErrorCode,
    message: string,
    { param, retryAfterSeconds, ...options }: ErrorDetails = {},
  ) {
    super(message, options);
    this.param = param ?? null;
    this.retryAfterSeconds = retryAfterSeconds ?? null;
  }
}

/** Narrows anything thrown to an AttuneError; what was not one becomes INTERNAL with the original as its cause. */
export function toAttuneError(error: unknown): AttuneError {
  if (error instanceof AttuneError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AttuneError('INTERNAL', message, { cause: error });
}
