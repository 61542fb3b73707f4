// Says how far each person is believed: by an admin's word, or else by the evidence of their judgements.
import type { FeedbackKind } from '@/core/feedback/kinds';
import { NEWEST_VOTES } from '@/core/statistics/newest';
import { estimateJointly } from '@/core/trust/joint';
import type { Judgement } from '@/core/trust/judgement';
import { type RaterTrust, reportTrust } from '@/core/trust/report';
import type { Database, Executor } from '../client';
import { byIndex, hasFewVotes, newestVotes } from '../feedback/newest-votes';
import { readKept, writeKept } from '../kept-figures';
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

/** Over all judgements: a snapshot weighs every vote that it holds. */
export async function reportRaters(db: Executor): Promise<TrustReport> {
  return estimate(await readStandings(db), await readJudgements(db));
}

/** Over the newest votes and the newest answers of raters. With many it takes seconds of a processor. */
export async function reportNewest(db: Database): Promise<TrustReport> {
  const judgements = await byIndex(db, async (tx) => {
    const { isAmong } = await newestVotes(tx, 'said');
    return readJudgements(tx, { isAmong, mostChecked: NEWEST_VOTES });
  });
  return estimate(await readStandings(db), judgements);
}

export const readStandings = async (db: Executor): Promise<TrustReport['standings']> =>
  new Map((await db.select().from(raterStanding)).map((own) => [own.userId, own]));

/** The judgements of banned people are no evidence about others. */
async function estimate(standings: TrustReport['standings'], judgements: Judgement[]): Promise<TrustReport> {
  if (new Set(judgements.map(({ rater }) => rater)).size < LEAST_RATERS) return { raters: [], standings };
  const banned = [...standings.values()].filter(({ standing }) => standing === 'banned');
  const priorTrust = new Map(banned.map(({ userId }) => [userId, 0]));
  const trust = await estimateJointly({ judgements, priorTrust, crossFit: null, rounds: 0 });
  return { raters: reportTrust(trust), standings };
}

const WEIGHTS = 'weights';
type Weight = Pick<RaterTrust, 'rater' | 'kind' | 'weight' | 'isInverted'>;

/** With few votes that of this moment; with many, that of the last estimate, under the present word of admins. */
export const readTrust = async (db: Database): Promise<TrustOf> => trustIn(await readWeights(db));

export async function readWeights(db: Database): Promise<{ raters: Weight[]; standings: TrustReport['standings'] }> {
  if (await hasFewVotes(db)) return reportNewest(db);
  const kept = await readKept<Weight[]>(db, WEIGHTS);
  return kept ? { raters: kept.value, standings: await readStandings(db) } : estimateAnew(db);
}

/** Keeps what it finds for `readTrust`. */
export async function estimateAnew(db: Database): Promise<TrustReport> {
  const report = await reportNewest(db);
  const weights = report.raters.map(
    ({ rater, kind, weight, isInverted }): Weight => ({ rater, kind, weight, isInverted }),
  );
  await writeKept(db, WEIGHTS, weights);
  return report;
}

/** A kind without evidence has the least trust of the person's other kinds; a person without any counts in full. */
export function trustIn({
  raters,
  standings,
}: {
  raters: readonly Weight[];
  standings: TrustReport['standings'];
}): TrustOf {
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
