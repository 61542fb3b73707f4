// The place of a user on [0, 1) under a salt: the same at every visit, and independent between salts.
import { createHash } from 'node:crypto';

/** The first 52 bits of sha256(salt, user), which a double holds exactly. */
export function bucketOf(salt: string, userId: string): number {
  // The salt's length keeps ("ab", "c") and ("a", "bc") apart.
  const digest = createHash('sha256').update(`${salt.length}:${salt}${userId}`).digest();
  return Number(digest.readBigUInt64BE(0) >> 12n) / 2 ** 52;
}
