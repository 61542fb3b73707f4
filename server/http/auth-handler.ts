// Sign-in over HTTP: checks and counts requests before better-auth sees them; errors say why, and when to try again.

import { AttuneError, toAttuneError } from '@/core/errors';
import { networkOf } from '@/core/network/address';
import { TEXT_LIMITS } from '@/core/text/text-limits';
import { admitSignIn } from '@/server/services/account/sign-in-limits';
import { getWebProcess, type WebProcess } from '../product';
import { checkDatabase } from '../services/health';
import { mediaType, readBytes } from './body';
import { ownAddress, refuseForeignPage } from './origin';
import { checkPlainData } from './plain-data';
import { RETRY_AFTER_SECONDS, STATUS } from './status';

const BASE_PATH = '/api/auth';
const MAX_BODY_BYTES = 64 * 1024;
/** Addresses of the product's own accounts: the first admin, and guests. */
const RESERVED_EMAIL = /@(.+\.)?attune\.local$/i;

export async function handleAuth(request: Request): Promise<Response> {
  let web: WebProcess;
  try {
    web = await getWebProcess();
  } catch (cause) {
    return refusal(
      new AttuneError('UNAVAILABLE', 'The product is starting, or cannot start; its log says why.', { cause }),
    );
  }
  return answerAuth(web, request);
}

export async function answerAuth(web: WebProcess, request: Request): Promise<Response> {
  const { product, auth } = web;
  try {
    const asked = await checked(web, request);
    const response = await auth.handler(asked);
    if (response.status >= 500) {
      // better-auth hides what failed, so the database is asked directly.
      await checkDatabase(product);
      return refusal(new AttuneError('INTERNAL', ''));
    }
    return forOwnAddress(response, ownAddress(request));
  } catch (thrown) {
    const error = toAttuneError(thrown);
    if (error.code === 'INTERNAL') product.log.error({ err: error.cause ?? error }, 'a sign-in request failed');
    return refusal(error);
  }
}

/** The request as better-auth gets it: addressed to the only address that it knows, with a body that has been read. */
async function checked({ product, auth }: WebProcess, request: Request): Promise<Request> {
  const url = new URL(request.url);
  const path = url.pathname.slice(BASE_PATH.length);
  const base = new URL(auth.options.baseURL);
  const headers = new Headers(request.headers);
  for (const value of url.searchParams.values()) checkPlainData(value, ['address']);
  const target = new URL(`${url.pathname}${url.search}`, base);
  if (request.method === 'GET') return new Request(target, { headers, signal: request.signal });

  refuseForeignPage(request);
  const bytes = await readBytes(request, MAX_BODY_BYTES, 'TOO_LONG');
  const body = parseBody(bytes, mediaType(headers));
  checkPerson(path, body);
  await admitSignIn(product, {
    path,
    network: networkOf(headers.get('x-forwarded-for') ?? ''),
    email: typeof body.email === 'string' ? body.email : '',
  });
  if (headers.has('origin') || headers.has('referer')) headers.set('origin', base.origin);
  headers.set('content-type', 'application/json');
  headers.delete('content-length');
  return new Request(target, { method: request.method, headers, body: JSON.stringify(body), signal: request.signal });
}

function parseBody(bytes: Uint8Array, mediaType: string): Record<string, unknown> {
  if (bytes.length === 0) return {};
  if (mediaType !== 'application/json')
    throw new AttuneError('BAD_INPUT', 'The body must be JSON, with the content type application/json.');
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AttuneError('BAD_INPUT', 'The body is not JSON in UTF-8.', { cause });
  }
  checkPlainData(body, ['body']);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new AttuneError('BAD_INPUT', 'The body must be a JSON object.');
  return body as Record<string, unknown>;
}

function checkPerson(path: string, { name, email, image }: Record<string, unknown>): void {
  if (typeof name === 'string' && name.length > TEXT_LIMITS.personName)
    throw new AttuneError('BAD_INPUT', `The name has more than ${TEXT_LIMITS.personName} characters; shorten it.`, {
      param: 'name',
    });
  // The library would keep a text of any length.
  if (image !== undefined && image !== null)
    throw new AttuneError('BAD_INPUT', 'Accounts have no picture; leave out image.', { param: 'image' });
  if (path === '/sign-up/email' && typeof email === 'string' && RESERVED_EMAIL.test(email.trim()))
    throw new AttuneError('BAD_INPUT', 'Addresses at attune.local are reserved; use your own.', {
      param: 'email',
    });
}

/** Redirects lead to the page's own address, and cookies set over TLS are only sent over TLS. */
function forOwnAddress(response: Response, own: URL): Response {
  const headers = new Headers(response.headers);
  const location = headers.get('location');
  if (location) {
    const { pathname, search, hash } = new URL(location, own);
    headers.set('location', `${pathname}${search}${hash}`);
  }
  const cookies = headers.getSetCookie();
  headers.delete('set-cookie');
  const mark = own.protocol === 'https:' ? '; Secure' : '';
  for (const cookie of cookies) headers.append('set-cookie', `${cookie}${mark}`);
  return new Response(response.body, { status: response.status, headers });
}

/** Codes for errors that a page words differently from others with the same code. */
const CODES: Record<string, string> = { origin: 'FOREIGN_PAGE', email: 'RESERVED_EMAIL' };

/** In the shape that better-auth's client reads. */
function refusal(error: AttuneError): Response {
  const status = STATUS[error.code];
  const headers = new Headers({ 'cache-control': 'no-store' });
  if (status === 429 || status === 503)
    headers.set('retry-after', String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  const message =
    error.code === 'INTERNAL' ? 'Something went wrong on the server; its log has the details.' : error.message;
  const code = CODES[error.param ?? ''] ?? error.code;
  // better-auth's client passes on the body of an error, but not its headers.
  const wait = error.retryAfterSeconds === null ? {} : { retryAfterSeconds: error.retryAfterSeconds };
  return Response.json({ code, message, ...wait }, { status, headers });
}
