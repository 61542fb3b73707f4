// Defines the one error type: a code, a sentence that names the bad value and the way out, and a cause.

export const ERROR_CODES = [
  'BAD_INPUT', // the caller can fix it by sending something else
  'NOT_FOUND',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'CONFLICT', // the state is not the one that the change expected
  'OVERLOADED', // try again later
  'TOO_LONG', // prompt or message over a limit
  'CONSTRAINT', // a text breaks a rule of the operator
  'CORRUPT', // a file is not what its name, hash or header says
  'UNSUPPORTED', // a feature of a model or file that this build does not have
  'UNAVAILABLE', // a process or device that is needed does not answer
  'CANCELLED',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Why a server that a rule asks gave no verdict. */
export type NoVerdict = 'unreachable' | 'timeout' | 'answer';

export interface ErrorDetails {
  cause?: unknown;
  /** The field of the request that is at fault. */
  param?: string;
  /** When to try again. */
  retryAfterSeconds?: number;
  /** The kind of the rule that a text breaks, and what the rule says in place of the standard sentence. */
  rule?: BrokenRule;
  noVerdict?: NoVerdict;
}

export interface BrokenRule {
  kind: string;
  message: string | null;
  /** It gave no verdict, which it counts as a hit. */
  isUnjudged: boolean;
}

const NAME = 'AttuneError';

export class AttuneError extends Error {
  /** Compares by name, because Next compiles this file into several bundles: one may catch an error made in another. */
  static override [Symbol.hasInstance](value: unknown): value is AttuneError {
    return value instanceof Error && value.name === NAME;
  }

  override readonly name = NAME;
  readonly param: string | null;
  readonly retryAfterSeconds: number | null;
  readonly rule: BrokenRule | null;
  readonly noVerdict: NoVerdict | null;
  constructor(
    readonly code: ErrorCode,
    message: string,
    { param, retryAfterSeconds, rule, noVerdict, ...options }: ErrorDetails = {},
  ) {
    super(message, options);
    this.param = param ?? null;
    this.retryAfterSeconds = retryAfterSeconds ?? null;
    this.rule = rule ?? null;
    this.noVerdict = noVerdict ?? null;
  }
}

/** Errors of the file system that a person can fix, each with a sentence about the path. */
const FILE_TROUBLE: Record<string, string> = {
  ENOSPC: 'cannot be written: no space is left. Free some space and try again.',
  EDQUOT: 'cannot be written: the quota is used up. Free some space and try again.',
  EACCES: 'cannot be used: this user may not. Check the permissions of its folder.',
  EPERM: 'cannot be used: this user may not. Check the permissions of its folder.',
  EROFS: 'cannot be written: the disk is read-only. Choose another folder.',
  ENOTDIR: 'cannot be made: there is a file where a folder is needed. Choose another folder.',
  EEXIST: 'cannot be made: there is a file where a folder is needed. Choose another folder.',
  ENAMETOOLONG: 'cannot be made: the name is too long for this disk. Choose a shorter one.',
  EIO: 'cannot be written: the disk reports a fault.',
};

/** Errors from writes to an open file, which do not name its path. */
const ON_WRITING = new Set(['ENOSPC', 'EDQUOT', 'EIO']);

/** Turns a full or read-only disk and similar trouble into an error that names the path; null for everything else. */
export function fileTrouble(error: unknown, path?: string): AttuneError | null {
  if (!(error instanceof Error)) return null;
  const { code = '', path: ownPath } = error as NodeJS.ErrnoException;
  const sentence = Object.hasOwn(FILE_TROUBLE, code) ? FILE_TROUBLE[code] : undefined;
  const name = path ?? ownPath ?? (ON_WRITING.has(code) ? 'A file' : undefined);
  if (!sentence || !name) return null;
  return new AttuneError('UNAVAILABLE', `${name} ${sentence} (${code})`, { cause: error });
}

/** Turns anything thrown into an AttuneError; anything else becomes INTERNAL with the original as its cause. */
export function toAttuneError(error: unknown): AttuneError {
  if (error instanceof AttuneError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return fileTrouble(error) ?? new AttuneError('INTERNAL', message, { cause: error });
}
