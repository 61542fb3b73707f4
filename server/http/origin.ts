// Finds which address a request was sent to, and whether the page that sent it was served from that address.
import { AttuneError } from '@/core/errors';

/** The door wrote the headers; a request that did not pass through it has its own address. */
export function ownAddress(request: Request): URL {
  const url = new URL(request.url);
  const scheme = request.headers.get('x-forwarded-proto') ?? url.protocol.slice(0, -1);
  const host = request.headers.get('x-forwarded-host') ?? request.headers.get('host') ?? url.host;
  return URL.canParse(`${scheme}://${host}`) ? new URL(`${scheme}://${host}`) : url;
}

/** Another port of this host also counts as another site, although it has the same cookies. */
const FOREIGN_SITES = new Set(['cross-site', 'same-site']);

/**
 * Throws FORBIDDEN for a request that another site's page sent. The scheme is not compared: a proxy that terminates TLS
 * need not say so. Programs send neither header, and hold no other person's cookie.
 */
export function refuseForeignPage(request: Request): void {
  const own = ownAddress(request);
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  const isOwn = origin === null || hostUnder(origin, own) === own.host;
  if (isOwn && !(site && FOREIGN_SITES.has(site))) return;
  throw new AttuneError(
    'FORBIDDEN',
    `A page of ${origin?.slice(0, 200) ?? 'another site'} may not act on ${own.host}. Open the product under one address; ` +
      'if a proxy gives it another name, set ATTUNE_URL to that.',
    { param: 'origin' },
  );
}

/** Drops a port that is the default of either scheme. */
const hostUnder = (origin: string, own: URL): string | null =>
  URL.canParse(origin) ? new URL(`${own.protocol}//${new URL(origin).host}`).host : null;
