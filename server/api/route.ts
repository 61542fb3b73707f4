// Wraps every handler of the API: checks key, limits and body, and turns errors into what OpenAI's clients expect.
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { authenticate, type KeyOwner } from '@/server/services/account/api-key';
import { readText } from '../http/body';
import { checkPlainData } from '../http/plain-data';
import { getWebProcess } from '../product';
import { admit } from '../services/limits';
import type { Product } from '../services/product';
import { readServing, type Serving } from '../services/settings';
import { CORS_HEADERS } from './cors';
import { asAttuneError, errorResponse } from './errors';
import { refuseUnsupported } from './unsupported';

export const MAX_BODY_BYTES = 512 * 1024;

export interface Call {
  product: Product;
  settings: Serving;
  owner: KeyOwner;
  headers: Headers;
  /** Aborts when the caller goes away. */
  signal: AbortSignal;
  /** Parses the body by a schema; the error names the field at fault. */
  read<S extends z.ZodType>(schema: S): Promise<z.output<S>>;
  /** What the address says after its question mark. */
  query: Record<string, string>;
  /** The path's segments in braces. */
  params: Record<string, string>;
}

/** Answers a request whose path and method match; never throws. */
export type Handler = (request: Request, params: Record<string, string>) => Promise<Response>;

/** Every response says which origins may read it and carries the id under which the log has the request. */
export function forEverybody(
  handle: (request: Request, params: Record<string, string>, requestId: string) => Promise<Response>,
): Handler {
  return async (request, params) => {
    const requestId = randomUUID();
    const response = await handle(request, params, requestId).catch(errorResponse);
    for (const [name, value] of Object.entries(CORS_HEADERS)) response.headers.set(name, value);
    response.headers.set('x-request-id', requestId);
    return response;
  };
}

export function withKey(handle: (call: Call) => Promise<Response>): Handler {
  return forEverybody(async (request, params, requestId) => {
    const { product } = await webProcess();
    try {
      const owner = await authenticate(product, request.headers.get('authorization'));
      const settings = await readServing(product);
      await admit(product, owner, settings.limits);
      const read: Call['read'] = async (schema) => schema.parse(refuseUnsupported(await readJson(request)));
      const { headers, signal } = request;
      const query = Object.fromEntries(new URL(request.url).searchParams);
      return await handle({ product, settings, owner, headers, signal, read, query, params });
    } catch (thrown) {
      const error = asAttuneError(thrown);
      if (error.code === 'INTERNAL')
        product.log.error({ err: error.cause ?? error, url: request.url, requestId }, 'an API request failed');
      throw error;
    }
  });
}

/** The reason why the process cannot start belongs in its log and not in a response. */
function webProcess() {
  return getWebProcess().catch((cause: unknown) => {
    throw new AttuneError('UNAVAILABLE', 'The product is starting, or cannot start; its log says why.', { cause });
  });
}

async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request, MAX_BODY_BYTES);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new AttuneError('BAD_INPUT', `The body is not JSON: ${(cause as Error).message}.`);
  }
  checkPlainData(body);
  return body;
}
