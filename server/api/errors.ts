// The one place where an error becomes the body and the status that OpenAI's clients expect.
import { ZodError } from 'zod';
import { AttuneError, type ErrorCode, toAttuneError } from '@/core/errors';
import { fieldName } from '@/core/text/input-sentence';
import { RETRY_AFTER_SECONDS } from '../http/status';
import type { ErrorBody } from './openapi/responses';
import { meant } from './schema-errors';

interface Transport {
  status: number;
  type: string;
  code: string;
}

/** Clients check for this code by name. */
const MODEL_NOT_FOUND = 'model_not_found';

const TRANSPORT: Record<ErrorCode, Transport> = {
  BAD_INPUT: { status: 400, type: 'invalid_request_error', code: 'invalid_value' },
  UNSUPPORTED: { status: 400, type: 'invalid_request_error', code: 'unsupported_parameter' },
  TOO_LONG: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  UNAUTHENTICATED: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  FORBIDDEN: { status: 403, type: 'permission_error', code: 'forbidden' },
  NOT_FOUND: { status: 404, type: 'invalid_request_error', code: 'not_found' },
  CONFLICT: { status: 409, type: 'invalid_request_error', code: 'conflict' },
  OVERLOADED: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  CANCELLED: { status: 499, type: 'invalid_request_error', code: 'cancelled' },
  CONSTRAINT: { status: 400, type: 'invalid_request_error', code: 'content_filter' },
  CORRUPT: { status: 500, type: 'server_error', code: 'internal_error' },
  INTERNAL: { status: 500, type: 'server_error', code: 'internal_error' },
  UNAVAILABLE: { status: 503, type: 'server_error', code: 'service_unavailable' },
};

export function errorBody(error: AttuneError): ErrorBody {
  const { type, code } = TRANSPORT[error.code];
  const isModel = error.code === 'NOT_FOUND' && error.param === 'model';
  // An unexpected error may quote SQL or paths, so only the log gets its text.
  const message =
    error.code === 'INTERNAL' ? 'Something went wrong on the server; its log has the details.' : error.message;
  return { error: { message, type, param: error.param, code: isModel ? MODEL_NOT_FOUND : code } };
}

export function errorResponse(thrown: unknown): Response {
  const error = asAttuneError(thrown);
  const { status } = TRANSPORT[error.code];
  const headers = new Headers();
  if (status === 429 || status === 503)
    headers.set('retry-after', String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  if (status === 401) headers.set('www-authenticate', 'Bearer');
  return Response.json(errorBody(error), { status, headers });
}

/** The values that `code` can have in responses with this status. */
export function codesOf(status: number): string[] {
  const codes = Object.values(TRANSPORT).flatMap((transport) => (transport.status === status ? [transport.code] : []));
  return [...new Set(status === 404 ? [...codes, MODEL_NOT_FOUND] : codes)];
}

/** The path exists but does not take this method; `Allow` lists the methods that it takes. */
export function methodNotAllowed(pathname: string, allowed: readonly string[]): Response {
  const message = `${pathname} does not take this method. Use ${allowed.join(', ')}.`;
  const body: ErrorBody = {
    error: { message, type: 'invalid_request_error', param: null, code: 'method_not_supported' },
  };
  return Response.json(body, { status: 405, headers: { allow: allowed.join(', ') } });
}

export function asAttuneError(thrown: unknown): AttuneError {
  return thrown instanceof ZodError ? fromZod(thrown) : toAttuneError(thrown);
}

/** The field as a person would write it, and what is wrong with it. */
function fromZod(error: ZodError): AttuneError {
  const { issue, path } = meant(error.issues[0]!);
  if (issue.code === 'unrecognized_keys') {
    const param = fieldName([...path, issue.keys[0]!]);
    return new AttuneError('BAD_INPUT', `Unrecognized request argument supplied: ${param}.`, { param });
  }
  const param = fieldName(path);
  return new AttuneError('BAD_INPUT', `${param || 'The body'}: ${issue.message}.`, param ? { param } : {});
}
