// Says how far each person is believed: by an admin's word, or else by the evidence of their judgements.
import type { FeedbackKind } from '@/core/feedback/kinds';
import { estimateJointly } from '@/core/trust/joint';
import { reportTrust } from '@/core/trust/report';
import type { Executor } from './client';
import { readJudgements } from './rater-evidence';
import { raterStanding } from './schema';

/** From -1 (the opposite is what is so) to 1, the factor of a person's feedback of one kind in losses and statistics. */
export type TrustOf = (userId: string, kind: FeedbackKind) => number;

/** With fewer raters nobody can be told from the crowd. */
const LEAST_RATERS = 3;

/** A kind without evidence has the least trust of the person's other kinds; a person without any counts in full. */
export async function readTrust(db: Executor): Promise<TrustOf> {
  const standings = new Map((await db.select().from(raterStanding)).map(({ userId, standing }) => [userId, standing]));
  const banned = [...standings].flatMap(([userId, standing]) => (standing === 'banned' ? [userId] : []));
  const byRater = await readWeights(db, new Set(banned));
  return (userId, kind) => {
    const standing = standings.get(userId);
    if (standing) return standing === 'banned' ? 0 : 1;
    const weights = byRater.get(userId);
    return weights?.get(kind) ?? Math.max(0, Math.min(1, ...(weights?.values() ?? [])));
  };
}

/** By person and kind. The judgements of banned people are no evidence about others. */
async function readWeights(db: Executor, banned: ReadonlySet<string>): Promise<Map<string, Map<string, number>>> {
  const judgements = await readJudgements(db);
  const byRater = new Map<string, Map<string, number>>();
  if (new Set(judgements.map(({ rater }) => rater)).size < LEAST_RATERS) return byRater;
  const priorTrust = new Map([...banned].map((rater) => [rater, 0]));
  const trust = await estimateJointly({ judgements, priorTrust, crossFit: null, rounds: 0 });
  for (const { rater, kind, weight, isInverted } of reportTrust(trust)) {
    const own = byRater.get(rater) ?? new Map<string, number>();
    byRater.set(rater, own.set(kind, isInverted ? -weight : weight));
  }
  return byRater;
}
