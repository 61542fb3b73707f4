// Finds addresses of machines on the internet, version 4 and 6, that are not everybody's own, as 127.0.0.1 is.
import ipaddr from 'ipaddr.js';
import type { Match } from '../patterns/search';
import type { Span } from '../scanner';
import { AFTER_NUMBER, continuesLeft, searchFolded, upToLast } from './search';

const DOT = '(?:\\.|[(\\[{]\\.[)\\]}]| dot |[(\\[{]dot[)\\]}])';
const V4 = `[0-9]{1,3}(?:${DOT}[0-9]{1,3}){3}${AFTER_NUMBER}`;
const V6 = '(?:[0-9a-f]{0,4}:){2,8}(?:[0-9a-f]{0,4}|[0-9]{1,3}(?:\\.[0-9]{1,3}){3})(?:$|[^0-9a-z_:])';

export const findIpAddress = [searchFolded(V4, 60, checkV4), searchFolded(V6, 50, checkV6)];

const NOBODYS = new Set(['loopback', 'unspecified', 'broadcast', 'multicast']);
/** Four numbers that count something else. */
const VERSION =
  /(?:version|ver|v|release|build|firmware|driver|section|sec|chapter|clause|paragraph|§|バージョン|第|版)[^0-9a-z]{0,3}$/i;

function checkV4({ text, before }: Match): Span | null {
  if (continuesLeft(before) || VERSION.test(before)) return null;
  const number = upToLast(text, /[0-9]/);
  const parts = text.slice(0, number.end).match(/[0-9]+/g) ?? [];
  if (parts.some((part) => Number(part) > 255 || /^0[0-9]/.test(part))) return null;
  return NOBODYS.has(ipaddr.IPv4.parse(parts.join('.')).range()) ? null : number;
}

function checkV6({ text, before }: Match): Span | null {
  if (/[0-9A-Za-z_:.]$/.test(before)) return null;
  const number = upToLast(text, /[0-9a-f:]/i);
  const address = text.slice(0, number.end);
  // `a::b` is a name in many programming languages.
  if (!/[0-9]/.test(address) || (address.match(/[0-9a-f]/gi) ?? []).length < 5) return null;
  if (!ipaddr.IPv6.isValid(address)) return null;
  return NOBODYS.has(ipaddr.IPv6.parse(address).range()) ? null : number;
}
