// Names a rater in snapshots and reports without naming the account.
import { sha256 } from '@/core/hash';

/** One person's votes stay together under it. */
export const raterIdOf = (userId: string): string => sha256(userId).slice(0, 16);
