// Says how far each person is believed: an admin's word decides, and everyone else counts in full.
import type { FeedbackKind } from '@/core/feedback/kinds';
import type { Executor } from './client';
import { raterStanding } from './schema';

/** From -1 (the opposite is what is so) to 1, the factor of a person's feedback of one kind in losses and statistics. */
export type TrustOf = (userId: string, kind: FeedbackKind) => number;

export async function readTrust(db: Executor): Promise<TrustOf> {
  const standings = new Map((await db.select().from(raterStanding)).map(({ userId, standing }) => [userId, standing]));
  return (userId) => (standings.get(userId) === 'banned' ? 0 : 1);
}
