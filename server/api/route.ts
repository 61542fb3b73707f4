// Around every handler of the API: whose key it is, whether the limits allow it, the body, and errors as OpenAI's clients expect them.
import type { z } from 'zod';
import { AttuneError } from '@/core/errors';
import { getWebProcess } from '../product';
import { authenticate, type KeyOwner } from '../services/api-key';
import { admit } from '../services/limits';
import type { Product } from '../services/product';
import { readSettings, type Settings } from '../services/settings';
import { asAttuneError, errorResponse } from './errors';
import { refuseUnsupported } from './unsupported';

const MAX_BODY_BYTES = 512 * 1024;
/** Read and thrown away beyond that, because a connection with an unread rest serves no further request. */
const MAX_DRAINED_BYTES = 8 * 1024 * 1024;

export interface Call {
  product: Product;
  settings: Settings;
  owner: KeyOwner;
  /** Aborts when the caller goes away. */
  signal: AbortSignal;
  /** The body by its schema; throws naming the field at fault. */
  read<S extends z.ZodType>(schema: S): Promise<z.output<S>>;
  /** Of the path's segments in brackets. */
  params: Record<string, string>;
}

type Context = { params: Promise<Record<string, string>> };

export function route(handle: (call: Call) => Promise<Response>) {
  return async (request: Request, context: Context): Promise<Response> => {
    try {
      const { product } = await webProcess();
      try {
        const owner = await authenticate(product, request.headers.get('authorization'));
        const settings = await readSettings(product.db);
        await admit(product, owner, settings.limits);
        return await handle({
          product,
          settings,
          owner,
          signal: request.signal,
          read: async (schema) => schema.parse(refuseUnsupported(await readJson(request))),
          params: await context.params,
        });
      } catch (thrown) {
        const error = asAttuneError(thrown);
        if (error.code === 'INTERNAL')
          product.log.error({ err: error.cause ?? error, url: request.url }, 'an API request failed');
        return errorResponse(error);
      }
    } catch (thrown) {
      return errorResponse(thrown);
    }
  };
}

/** Why the process cannot start is for its log, not for a caller. */
function webProcess() {
  return getWebProcess().catch((cause: unknown) => {
    throw new AttuneError('UNAVAILABLE', 'The product is starting, or cannot start; its log says which.', { cause });
  });
}

async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AttuneError('BAD_INPUT', `The body is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

/** A length that is announced may be a lie, and a chunked body announces none. */
async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_DRAINED_BYTES) break;
    if (bytes <= MAX_BODY_BYTES) text += decoder.decode(chunk, { stream: true });
  }
  if (bytes > MAX_BODY_BYTES)
    throw new AttuneError('BAD_INPUT', `The body passes ${MAX_BODY_BYTES} bytes; send less at once.`);
  return text + decoder.decode();
}
