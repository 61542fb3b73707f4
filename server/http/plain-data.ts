// Checks data from outside before any library walks it: depth, keys, and characters that cannot be stored.
import { AttuneError } from '@/core/errors';
import { fieldName } from '@/core/text/input-sentence';
import { checkCharacters } from '../services/text';

/** Deeper than any setting, and far below what recursion can handle. */
const MAX_DEPTH = 64;

/** Throws BAD_INPUT, naming the place. Walks arrays and plain objects; other objects were made by a library. */
export function checkPlainData(value: unknown, path: PropertyKey[] = []): void {
  const param = fieldName(path);
  const place = param || 'request';
  if (typeof value === 'string') {
    checkCharacters(value, `text of ${place}`, param || undefined);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (path.length > MAX_DEPTH) {
    const outermost = fieldName(path.slice(0, 1));
    throw new AttuneError('BAD_INPUT', `${outermost} is nested more than ${MAX_DEPTH} levels deep; flatten it.`, {
      param: outermost,
    });
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkPlainData(item, [...path, index]);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw new AttuneError('BAD_INPUT', `${place} has a key "__proto__"; remove it.`);
    checkCharacters(key, `key in ${place}`);
    checkPlainData(item, [...path, key]);
  }
}
