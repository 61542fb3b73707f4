// Gives each page its own content security policy: only scripts with the nonce of this response run.
import { type NextRequest, NextResponse } from 'next/server';
import { z } from 'zod';

const isDevelopment = process.env.NODE_ENV === 'development';

/** img-src has no remote hosts: an answer must not be able to leak a conversation in the address of an image. */
const policyWith = (nonce: string) =>
  [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `connect-src 'self'${isDevelopment ? ' ws:' : ''}`,
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "form-action 'self'",
  ].join('; ');

/** No page has this path, so Next answers with the not-found page and a 404. */
const NOWHERE = '/nowhere';

/** The chat's frame renders before its page does, so a page that finds its id wrong comes too late for a 404. */
const isLost = (path: string): boolean => {
  const [, room, id] = path.split('/');
  return room === 'c' && id !== undefined && !z.uuid().safeParse(id).success;
};

/** Next reads the nonce from the request's policy and gives it to its own scripts. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = policyWith(nonce);
  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  const response = isLost(request.nextUrl.pathname)
    ? NextResponse.rewrite(new URL(NOWHERE, request.nextUrl), { request: { headers } })
    : NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

/** Only pages; next.config.ts has the policy for everything else. */
export const config = { matcher: '/((?!api/|v1/|_next/).*)' };
