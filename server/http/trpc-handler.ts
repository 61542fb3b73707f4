// tRPC over HTTP for the product's own pages: refuses other sites' requests, other content types and long bodies first.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { AttuneError } from '@/core/errors';
import { getWebProcess, type WebProcess } from '../product';
import { appRouter } from '../routers';
import { createContext, retryAfterSeconds, toTransportError } from '../trpc';
import { mediaType, readBytes } from './body';
import { refuseForeignPage } from './origin';
import { RETRY_AFTER_SECONDS, STATUS } from './status';

const ENDPOINT = '/api/trpc';
/** A message has at most 32 kB, and a page batches a few calls. */
const MAX_BODY_BYTES = 1024 * 1024;

export async function handleTrpc(request: Request): Promise<Response> {
  let web: WebProcess;
  try {
    web = await getWebProcess();
  } catch (cause) {
    return refusal(
      request,
      new AttuneError('UNAVAILABLE', 'The product is starting, or cannot start; its log says why.', { cause }),
    );
  }
  return answerTrpc(web, request);
}

export async function answerTrpc(web: WebProcess, request: Request): Promise<Response> {
  try {
    const req = await checked(request);
    const context = await createContext(web, request.headers);
    return await fetchRequestHandler({
      endpoint: ENDPOINT,
      req,
      router: appRouter,
      createContext: () => context,
      responseMeta: ({ errors }) => {
        const wait = retryAfterSeconds(errors);
        return {
          headers: {
            // A proxy that buffers would hold the stream back.
            'x-accel-buffering': 'no',
            ...(wait === null ? {} : { 'retry-after': String(wait) }),
          },
        };
      },
    });
  } catch (thrown) {
    const error = toTransportError(thrown).cause as AttuneError;
    if (error.code === 'INTERNAL') web.product.log.error({ err: error.cause ?? error }, 'a request failed');
    return refusal(request, error);
  }
}

async function checked(request: Request): Promise<Request> {
  refuseForeignPage(request);
  if (request.method === 'GET') return request;
  // Any site can post a form, but JSON only with this site's permission.
  if (mediaType(request.headers) !== 'application/json')
    throw new AttuneError('BAD_INPUT', 'The body must be JSON, with the content type application/json.');
  const body = await readBytes(request, MAX_BODY_BYTES, 'TOO_LONG');
  const headers = new Headers(request.headers);
  headers.delete('content-length');
  return new Request(request.url, { method: request.method, headers, body, signal: request.signal });
}

/** As tRPC would have sent it; in a stream as an event, because an EventSource gives up at any status except 200. */
function refusal(request: Request, error: AttuneError): Response {
  const { code } = toTransportError(error);
  const httpStatus = STATUS[error.code];
  const message =
    error.code === 'INTERNAL' ? 'Something went wrong on the server; its log has the details.' : error.message;
  const wait = error.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  const data = { code, httpStatus, attuneCode: error.code, param: error.param };
  const shape = { json: { message, code: error.code === 'UNAVAILABLE' ? -32603 : -32600, data } };
  if (request.headers.get('accept')?.includes('text/event-stream')) {
    const text = `event: connected\ndata: {}\n\nevent: serialized-error\ndata: ${JSON.stringify(shape)}\n\n`;
    return new Response(text, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
  }
  const headers = new Headers({ 'cache-control': 'no-store' });
  if (httpStatus === 429 || httpStatus === 503) headers.set('retry-after', String(wait));
  return Response.json({ error: shape }, { status: httpStatus, headers });
}
