// Requests to the handlers that Next calls, with the headers that the server sets from the connection.
import { createAdminLink } from '@/server/auth';
import { answerAuth } from '@/server/http/auth-handler';
import { answerTrpc } from '@/server/http/trpc-handler';
import type { WebProcess } from '@/server/product';

interface Ask {
  address?: string;
  host?: string;
  scheme?: string;
  headers?: Record<string, string>;
  cookie?: string;
  body?: unknown;
  method?: string;
}

export function ask(
  path: string,
  { address = '192.0.2.1', host = 'localhost:3000', scheme = 'http', ...rest }: Ask = {},
) {
  const headers: Record<string, string> = {
    'x-forwarded-for': address,
    'x-forwarded-host': host,
    'x-forwarded-proto': scheme,
    ...(rest.cookie ? { cookie: rest.cookie } : {}),
    ...(rest.body === undefined ? {} : { 'content-type': 'application/json', origin: `${scheme}://${host}` }),
    ...rest.headers,
  };
  return new Request(`http://localhost:3000${path}`, {
    method: rest.method ?? (rest.body === undefined ? 'GET' : 'POST'),
    headers,
    body: typeof rest.body === 'string' || rest.body === undefined ? (rest.body as string) : JSON.stringify(rest.body),
  });
}

export const auth = (web: WebProcess, path: string, options: Ask = {}) =>
  answerAuth(web, ask(`/api/auth${path}`, options));
export const call = (web: WebProcess, path: string, json: unknown, options: Ask = {}) =>
  answerTrpc(web, ask(`/api/trpc/${path}`, { body: { json }, ...options }));
export const query = (web: WebProcess, path: string, json: unknown, options: Ask = {}) =>
  answerTrpc(web, ask(`/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify({ json }))}`, options));

export const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0]!)
    .join('; ');

/** The cookie of a new guest. */
export const guest = async (web: WebProcess, options: Ask = {}) =>
  cookieOf(await auth(web, '/sign-in/anonymous', { body: {}, ...options }));

/** The cookie of an admin who came by a new link. */
export async function adminCookie(web: WebProcess): Promise<string> {
  const { pathname, search } = new URL(await createAdminLink(web.product.db, web.auth));
  return cookieOf(await answerAuth(web, ask(`${pathname}${search}`)));
}
