// The first code to see a request: sets headers for the caller and the page's address, so later code need not trust it.
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { clientAddress, plainAddress, rangeTest } from '@/core/network/address';
import type { ServerSettings } from '../env';
import { decodablePath } from './request-path';

type DoorSettings = Pick<ServerSettings, 'publicUrl' | 'trustedProxies'>;

interface Peer {
  address: string;
  isEncrypted: boolean;
}

const textOf = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : (value ?? ''));
/** Several proxies write a list; its first entry is what the person's browser used. */
const firstOf = (value: string | string[] | undefined) => textOf(value).split(',')[0]!.trim();

/**
 * Afterwards `x-forwarded-for` holds one address, `x-forwarded-host` and `x-forwarded-proto` are those of the page's
 * address, and every other forwarding header is gone.
 */
export function createDoor({ publicUrl, trustedProxies }: DoorSettings) {
  const isTrusted = rangeTest(trustedProxies);
  const own = publicUrl ? new URL(publicUrl) : null;
  return (headers: IncomingHttpHeaders, peer: Peer): void => {
    const peerAddress = plainAddress(peer.address);
    const isProxy = peerAddress !== null && isTrusted(peerAddress);
    const address = clientAddress(peer.address, textOf(headers['x-forwarded-for']), isTrusted);
    const host = own?.host ?? ((isProxy && firstOf(headers['x-forwarded-host'])) || headers.host);
    // A false scheme harms only its sender: it only decides whether the cookie is marked Secure.
    const scheme = own?.protocol.slice(0, -1) ?? firstOf(headers['x-forwarded-proto']);
    for (const name of Object.keys(headers))
      if (name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip') delete headers[name];
    headers['x-forwarded-for'] = address;
    if (host) headers['x-forwarded-host'] = host;
    headers['x-forwarded-proto'] = scheme === 'https' || (scheme !== 'http' && peer.isEncrypted) ? 'https' : 'http';
  };
}

/** Next fails at TRACE, which no `Request` may have, and answers the others without a body; no route takes DELETE. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Node publishes each request on this channel before any listener of the server gets it. */
export function openDoor(settings: DoorSettings): void {
  const letIn = createDoor(settings);
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage };
    const { headers, socket } = request;
    if (!METHODS.has(request.method ?? '')) request.method = 'DELETE';
    request.url = decodablePath(request.url ?? '/');
    letIn(headers, { address: socket.remoteAddress ?? '', isEncrypted: (socket as TLSSocket).encrypted === true });
  });
}
