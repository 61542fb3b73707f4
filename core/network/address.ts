// Network addresses: ranges from a setting, the person's address behind trusted proxies, and the network it belongs to.
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

export interface AddressRange {
  address: string;
  prefix: number;
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const BITS = { ipv4: 32, ipv6: 128 };

function parseRange(text: string): AddressRange | null {
  const [address = '', prefix, more] = text.split('/');
  if (!isIP(address) || more !== undefined) return null;
  const bits = BITS[familyOf(address)];
  if (prefix === undefined) return { address, prefix: bits };
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? { address, prefix: Number(prefix) } : null;
}

/** `127.0.0.1, 10.0.0.0/8, ::1` */
export const AddressRanges = z.string().transform((text, context) => {
  const ranges: AddressRange[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const range = parseRange(part);
    if (range) ranges.push(range);
    else
      context.addIssue({ code: 'custom', message: `has "${part}", which is not an address or range like 10.0.0.0/8` });
  }
  return ranges;
});

/** A socket's or header's address without port, brackets and IPv6's notation of IPv4; null if it is not an address. */
export function plainAddress(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
    .replace(/%.*$/, '');
  return isIP(bare) ? bare.toLowerCase() : null;
}

export function rangeTest(ranges: readonly AddressRange[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix } of ranges) list.addSubnet(address, prefix, familyOf(address));
  return (address) => list.check(address, familyOf(address));
}

/**
 * Each proxy appends the address that called it, so the list is read from its end, and the first address that is not a
 * trusted proxy is the person's. That person may have written everything before it.
 */
export function clientAddress(peer: string, forwardedFor: string, isTrusted: (address: string) => boolean): string {
  const heard = forwardedFor.split(',');
  let address = plainAddress(peer) ?? peer;
  while (isIP(address) && isTrusted(address)) {
    const before = plainAddress(heard.pop() ?? '');
    if (!before) break;
    address = before;
  }
  return address;
}

/** The network that limits count: a household has one IPv4 address but 2^64 IPv6 addresses. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean);
  while (tail !== undefined && groups.length + after.length < 8) groups.push('0');
  return `${[...groups, ...after].slice(0, 4).join(':')}::/64`;
}
