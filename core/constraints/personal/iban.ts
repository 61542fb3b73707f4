// Finds international numbers of bank accounts: a country's length and format, and the checksum modulo 97.
import { getCountrySpecifications, isValidIBAN } from 'ibantools';
import type { Match } from '../patterns/search';
import type { Span } from '../scanner';
import { searchFolded, upToLast } from './search';

const GAP = '[ .\\-]?';

export const findIban = searchFolded(
  `[a-z]${GAP}[a-z]${GAP}[0-9]${GAP}[0-9](?:${GAP}[a-z0-9]){11,30}(?:$|[^a-z0-9])`,
  80,
  checkIban,
);

const LENGTHS = new Map(Object.entries(getCountrySpecifications()).map(([country, { chars }]) => [country, chars]));

function checkIban({ text, before }: Match): Span | null {
  if (/[0-9A-Za-z]$/.test(before)) return null;
  const compact = text.replace(/[^0-9A-Za-z]/g, '').toUpperCase();
  if (LENGTHS.get(compact.slice(0, 2)) !== compact.length || !isValidIBAN(compact)) return null;
  return upToLast(text, /[0-9A-Za-z]/);
}
