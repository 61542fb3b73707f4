// Reads the header that tells a repeated request from a new one.
import { AttuneError } from '@/core/errors';
import { sha256 } from '@/core/hash';
import type { RepeatKey } from '../services/completion/repeat';

export const IDEMPOTENCY_KEY = 'Idempotency-Key';
export const MAX_KEY_LENGTH = 255;

/** `body` is the parsed one, so that neither blanks nor the order of its fields make it a different request. */
export function repeatKeyOf(headers: Headers, body: object): RepeatKey | null {
  const key = headers.get(IDEMPOTENCY_KEY);
  if (key === null) return null;
  if (!/^[\x20-\x7e]+$/.test(key) || key.length > MAX_KEY_LENGTH) {
    throw new AttuneError(
      'BAD_INPUT',
      `The ${IDEMPOTENCY_KEY} has ${key.length} characters; it must have 1 to ${MAX_KEY_LENGTH} characters of printable ASCII, a UUID for example.`,
      { param: IDEMPOTENCY_KEY },
    );
  }
  return { key, fingerprint: sha256(JSON.stringify(body)) };
}
