// Checks text that people send before any other code uses it.
import { AttuneError } from '@/core/errors';

/** Throws BAD_INPUT, naming what is wrong. `limit` is in UTF-16 units, as a form field counts them. */
export function checkText(text: string, what: string, limit = Number.POSITIVE_INFINITY): void {
  if (text.trim() === '') throw new AttuneError('BAD_INPUT', `The ${what} is empty; write something.`);
  checkCharacters(text, what);
  if (text.length > limit) {
    throw new AttuneError('BAD_INPUT', `The ${what} has ${text.length} characters; the limit is ${limit}. Shorten it.`);
  }
}

/** Half a surrogate pair cannot be stored as UTF-8, and Postgres cannot store U+0000. */
export function checkCharacters(text: string, what: string, param?: string): void {
  const at = text.search(/\p{Surrogate}|\0/u);
  if (at < 0) return;
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  throw new AttuneError('BAD_INPUT', `The ${what} has the invalid character U+${code} at position ${at}; remove it.`, {
    param,
  });
}
