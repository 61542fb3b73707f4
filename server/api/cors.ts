// Lets pages of other origins call the API: keys travel in a header and never in a cookie, so every origin may.
const EXPOSED = ['idempotency-replayed', 'retry-after', 'x-attune-generation-id', 'x-request-id'];
const PREFLIGHT_SECONDS = 86_400;

/** What every response of the API carries. */
export const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': EXPOSED.join(', '),
};

/** Every requested header is allowed: clients send their own, and none of them can do harm without a key. */
export function preflight(request: Request, allowed: readonly string[]): Response {
  const methods = allowed.length > 0 ? allowed : ['OPTIONS'];
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS_HEADERS,
      allow: methods.join(', '),
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers':
        request.headers.get('access-control-request-headers') ?? 'authorization, content-type, idempotency-key',
      'access-control-max-age': String(PREFLIGHT_SECONDS),
      vary: 'access-control-request-headers',
    },
  });
}
