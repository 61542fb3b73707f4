// Takes the detail of an entry of the audit log apart: what was set, from what and to what.
import { shortId } from './subject-link';

type Value = unknown;
export interface Change {
  /** The names on the way to the value, from the outside in; empty for the value of the entry itself. */
  path: readonly string[];
  /** Absent if only one value is known. */
  from?: Value;
  to: Value;
}

const isPlain = (value: Value): value is Record<string, Value> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNothing = (value: Value) =>
  value === undefined || (Array.isArray(value) && value.length === 0) || (isPlain(value) && !Object.keys(value).length);

export function changesOf(detail: Record<string, Value>): Change[] {
  if (!('from' in detail && 'to' in detail)) return single([], detail);
  const { from, to, ...rest } = detail;
  return [...pairs([], from, to), ...single([], rest)];
}

function pairs(path: readonly string[], from: Value, to: Value): Change[] {
  if (!isPlain(from) || !isPlain(to)) return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ path, from, to }];
  return Object.entries(to).flatMap(([key, value]) => pairs([...path, key], from[key], value));
}

function single(path: readonly string[], value: Value): Change[] {
  if (isNothing(value)) return [];
  if (!isPlain(value)) return [{ path, to: value }];
  return Object.entries(value).flatMap(([key, inner]) => single([...path, key], inner));
}

interface Words {
  none: string;
  on: string;
  off: string;
  count: (count: number) => string;
  number: (value: number) => string;
}

/** One value in words; a list of things that are no plain values is counted. */
export function sayValue(value: Value, words: Words): string {
  if (value === null || value === undefined || value === '') return words.none;
  if (typeof value === 'boolean') return value ? words.on : words.off;
  if (typeof value === 'number') return words.number(value);
  if (typeof value === 'string') return shortId(value);
  if (!Array.isArray(value)) return words.count(Object.keys(value).length);
  return value.some((part) => typeof part === 'object')
    ? words.count(value.length)
    : value.map((part) => sayValue(part, words)).join(' · ');
}
