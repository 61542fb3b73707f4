// Sends requests to outside addresses: only to public ones, or to hosts that the operator allows, and never along a redirect.
import dns from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AttuneError } from '@/core/errors';
import { type Host, isAmong } from '@/core/network/hosts';

export interface OutgoingRequest {
  url: string;
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  /** For all of it: the name, the connection, the last byte of the answer. */
  timeoutMs: number;
  /** An answer with more is broken off. */
  mostBytes: number;
  signal?: AbortSignal;
}

export interface OutgoingResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

interface Address {
  address: string;
  family: number;
}

interface OutgoingGuard {
  /** Hosts that may be reached although they are inside the network, and over plain http. */
  privateHosts: readonly Host[];
  resolve?: (name: string) => Promise<Address[]>;
}

/** Knows what the operator allows. */
export interface Outgoing {
  /** Throws BAD_INPUT if nothing may be sent there; what a name stands for is checked when it is sent. */
  check(url: string): URL;
  /**
   * Throws BAD_INPUT where the request may not be sent, FORBIDDEN for a redirect, UNAVAILABLE where trying again may help, and
   * TOO_LONG for too large an answer. No message has more of the address than its host.
   */
  send(request: OutgoingRequest): Promise<OutgoingResponse>;
}

export const createOutgoing = (guard: OutgoingGuard): Outgoing => ({
  check: (url) => parseOutgoingUrl(url, guard.privateHosts),
  send: (request) => sendOutgoing(guard, request),
});

const resolveAll = (name: string) => dns.lookup(name, { all: true });

async function sendOutgoing(guard: OutgoingGuard, request: OutgoingRequest): Promise<OutgoingResponse> {
  const url = parseOutgoingUrl(request.url, guard.privateHosts);
  const deadline = AbortSignal.timeout(Math.ceil(request.timeoutMs));
  const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline;
  try {
    const addresses = await unlessAborted(addressesOf(url, guard), signal);
    return await exchange(url, addresses, request, signal);
  } catch (error) {
    if (request.signal?.aborted) throw new AttuneError('CANCELLED', `The request to ${url.host} was cancelled.`);
    if (deadline.aborted)
      throw new AttuneError('UNAVAILABLE', `${url.host} did not answer within ${request.timeoutMs} ms.`);
    if (error instanceof AttuneError) throw error;
    const { code = 'no reason given' } = error as NodeJS.ErrnoException;
    throw new AttuneError('UNAVAILABLE', `${url.host} cannot be reached (${code}).`, { cause: error });
  }
}

/** A URL normalises every spelling of an address, such as 0x7f.1 and 2130706433. */
function parseOutgoingUrl(text: string, privateHosts: readonly Host[]): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new AttuneError('BAD_INPUT', 'The address must begin with https:// or http://.', { param: 'url' });
  if (url.username || url.password)
    throw new AttuneError('BAD_INPUT', 'The address must not hold a user name or a password.', { param: 'url' });
  if (isAmong(privateHosts, url)) return url;
  if (url.protocol === 'http:')
    throw new AttuneError(
      'BAD_INPUT',
      `http://${url.host} would be sent to in the clear: use https://, or let the operator allow the host in ATTUNE_PRIVATE_HOSTS.`,
      { param: 'url' },
    );
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal)) checkPublic(literal, url.host);
  return url;
}

async function addressesOf(url: URL, { privateHosts, resolve = resolveAll }: OutgoingGuard): Promise<Address[]> {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(name);
  const addresses = family ? [{ address: name, family }] : await resolve(name);
  if (!isAmong(privateHosts, url)) for (const { address } of addresses) checkPublic(address, url.host);
  return addresses;
}

/** Global IPv6 addresses begin with the bits 001; the others embed IPv4, are local or have no owner. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

function checkPublic(address: string, host: string): void {
  const parsed = ipaddr.isValid(address) ? ipaddr.parse(address) : null;
  const isGlobal = parsed instanceof ipaddr.IPv6 ? parsed.match(GLOBAL_IPV6) : parsed !== null;
  if (isGlobal && parsed?.range() === 'unicast') return;
  throw new AttuneError(
    'BAD_INPUT',
    `${host} is not a public address, so nothing is sent there. The operator can allow the host in ATTUNE_PRIVATE_HOSTS.`,
    { param: 'url' },
  );
}

/** Connects to an address that was checked: a name is not resolved a second time. */
const lookupAmong =
  (addresses: readonly Address[]): LookupFunction =>
  (_name, { all }, callback) => {
    const [first] = addresses;
    if (!first) return callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0);
    if (all) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };

function exchange(
  url: URL,
  addresses: readonly Address[],
  { method, headers, body, mostBytes }: OutgoingRequest,
  signal: AbortSignal,
): Promise<OutgoingResponse> {
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        // A compressed answer could grow beyond any limit.
        headers: { 'accept-encoding': 'identity', ...headers },
        lookup: lookupAmong(addresses),
        agent: false,
        signal,
      },
      (response) => {
        readAnswer(response, url.host, mostBytes).then(resolve, (error: unknown) => {
          response.destroy();
          reject(error);
        });
      },
    );
    sent.on('error', reject);
    // Of another protocol, Node hands over the bare connection, which no signal ends.
    sent.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new AttuneError('UNAVAILABLE', `${url.host} changed the protocol, which nobody asked for.`));
    });
    sent.end(body);
  });
}

async function readAnswer(response: http.IncomingMessage, host: string, mostBytes: number): Promise<OutgoingResponse> {
  const { statusCode: status = 0, headers } = response;
  if (status >= 300 && status < 400)
    throw new AttuneError(
      'FORBIDDEN',
      `${host} answered with a redirect, which is not followed. Name its goal instead.`,
    );
  if (!['identity', undefined].includes(headers['content-encoding']))
    throw new AttuneError('UNSUPPORTED', `${host} answered with compressed data that nobody asked for.`);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > mostBytes) throw new AttuneError('TOO_LONG', `${host} answered with more than ${mostBytes} bytes.`);
    parts.push(part);
  }
  return { status, headers, text: Buffer.concat(parts).toString('utf8') };
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
