// Checks text that people send before anything else sees it.
import { AttuneError } from '@/core/errors';

export const MAX_TEXT_BYTES = 32 * 1024;

/** Returns the text without blanks around it; throws BAD_INPUT naming what is wrong. */
export function checkText(text: string, what: string, maxBytes = MAX_TEXT_BYTES): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new AttuneError('BAD_INPUT', `The ${what} is empty; write something.`);
  checkCharacters(text, what);
  const bytes = Buffer.byteLength(trimmed, 'utf8');
  if (bytes > maxBytes) {
    throw new AttuneError(
      'BAD_INPUT',
      `The ${what} has ${bytes} bytes; the most is ${maxBytes}. Shorten it or send it in parts.`,
    );
  }
  return trimmed;
}

/** Half a surrogate pair cannot be stored as UTF-8, nor U+0000 in Postgres. */
export function checkCharacters(text: string, what: string, param?: string): void {
  const at = text.search(/\p{Surrogate}|\0/u);
  if (at < 0) return;
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  throw new AttuneError('BAD_INPUT', `The ${what} has the invalid character U+${code} at position ${at}; remove it.`, {
    param,
  });
}
