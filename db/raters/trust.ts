// Says how far each person is believed: by an admin's word, or else by the evidence of their judgements.
import type { FeedbackKind } from '@/core/feedback/kinds';
import { estimateJointly } from '@/core/trust/joint';
import { type RaterTrust, reportTrust } from '@/core/trust/report';
import type { Executor } from '../client';
import { raterStanding } from '../schema';
import { readJudgements } from './evidence';

/** From -1 (the opposite is what is so) to 1, the factor of a person's feedback of one kind in losses and statistics. */
export type TrustOf = (userId: string, kind: FeedbackKind) => number;

/** With fewer raters nobody can be told from the crowd. */
const LEAST_RATERS = 3;

export interface TrustReport {
  /** What the evidence says, by person and kind, least trusted first; empty with fewer than three raters. */
  raters: RaterTrust[];
  /** An admin's word, by person. */
  standings: ReadonlyMap<string, typeof raterStanding.$inferSelect>;
}

/** The judgements of banned people are no evidence about others. */
export async function reportRaters(db: Executor): Promise<TrustReport> {
  const standings = new Map((await db.select().from(raterStanding)).map((own) => [own.userId, own]));
  const judgements = await readJudgements(db);
  if (new Set(judgements.map(({ rater }) => rater)).size < LEAST_RATERS) return { raters: [], standings };
  const banned = [...standings.values()].filter(({ standing }) => standing === 'banned');
  const priorTrust = new Map(banned.map(({ userId }) => [userId, 0]));
  const trust = await estimateJointly({ judgements, priorTrust, crossFit: null, rounds: 0 });
  return { raters: reportTrust(trust), standings };
}

export const readTrust = async (db: Executor): Promise<TrustOf> => trustIn(await reportRaters(db));

/** A kind without evidence has the least trust of the person's other kinds; a person without any counts in full. */
export function trustIn({ raters, standings }: TrustReport): TrustOf {
  const byRater = new Map<string, Map<string, number>>();
  for (const { rater, kind, weight, isInverted } of raters) {
    const own = byRater.get(rater) ?? new Map<string, number>();
    byRater.set(rater, own.set(kind, isInverted ? -weight : weight));
  }
  return (userId, kind) => {
    const word = standings.get(userId)?.standing;
    if (word) return word === 'banned' ? 0 : 1;
    const weights = byRater.get(userId);
    return weights?.get(kind) ?? Math.max(0, Math.min(1, ...(weights?.values() ?? [])));
  };
}
