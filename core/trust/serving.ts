// Finds accounts that vote for one source, such as a version, beyond what the votes of others on it explain.
//
// An account that serves a source nearly always votes for it. Anyone else does so as often as the source wins with others,
// and more or less often by their own liking, which varies between people as far as their votes show. Each account is
// judged by itself, whatever others serve, so that nobody becomes a servant because many are.
import { fitStrengths, sigmoid } from './items';
import type { Judgement } from './judgement';

/** How often an account that serves a source votes for it. */
const SERVES = 0.98;
/** Share of the accounts that serve any one source, before any evidence. */
const PRIOR = 0.014;
const THRESHOLD = Math.log((1 - PRIOR) / PRIOR);
const MOST_ROUNDS = 10;

/** The source that each of them serves, by rater. The excluded serve none, and say nothing of the sources. */
export function findServants(
  judgements: readonly Judgement[],
  isExcluded: (rater: string) => boolean,
): ReadonlyMap<string, string> {
  const own = judgements.filter(({ rater, sources }) => sources && sources[0] !== sources[1] && !isExcluded(rater));
  let servants = new Map<string, string>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    // What servants say of the sources is not believed, so that they cannot make one another look usual.
    const strengths = fitStrengths(own.filter(({ rater }) => !servants.has(rater)));
    const records = readRecords(own, strengths);
    // At first nobody is set aside, and servants would make strong liking look usual.
    const liking = round === 0 ? 0 : likingOf(records.filter(({ rater }) => !servants.has(rater)));
    const next = new Map<string, string>();
    const strongest = new Map<string, number>();
    for (const record of records) {
      const evidence = evidenceOf(record, liking);
      if (evidence <= Math.max(THRESHOLD, strongest.get(record.rater) ?? 0)) continue;
      strongest.set(record.rater, evidence);
      next.set(record.rater, record.source);
    }
    const isSettled =
      next.size === servants.size && [...next].every(([rater, source]) => servants.get(rater) === source);
    servants = next;
    if (isSettled) break;
  }
  return servants;
}

/** What a rater voted about a source. */
interface SourceRecord {
  rater: string;
  source: string;
  /** For each vote: whether the source won, and how often it does with others against the same source. */
  votes: { isWin: boolean; expected: number }[];
}

function readRecords(judgements: readonly Judgement[], strengths: ReadonlyMap<string, number>): SourceRecord[] {
  const records = new Map<string, SourceRecord>();
  for (const { rater, sources, label } of judgements) {
    if (label === 0.5) continue;
    for (const [side, source] of sources!.entries()) {
      const other = sources![1 - side]!;
      if (source === null || other === null) continue;
      const key = `${rater}\u0000${source}`;
      const record = records.get(key) ?? { rater, source, votes: [] };
      const lead = (strengths.get(source) ?? 0) - (strengths.get(other) ?? 0);
      record.votes.push({ isWin: label > 0.5 === (side === 0), expected: sigmoid(lead) });
      records.set(key, record);
    }
  }
  return [...records.values()];
}

/**
 * How much a vote for a source says of the next one by the same rater: rho / (1 - rho), where rho is the correlation
 * between a rater's votes on a source, by the method of moments.
 */
function likingOf(records: readonly SourceRecord[]): number {
  let [excess, pairs] = [0, 0];
  for (const { votes } of records) {
    const surplus = votes.reduce((sum, { isWin, expected }) => sum + Number(isWin) - expected, 0);
    const variance = votes.reduce((sum, { expected }) => sum + expected * (1 - expected), 0);
    excess += surplus ** 2 - variance;
    pairs += variance * (votes.length - 1);
  }
  const correlation = pairs > 0 ? Math.min(0.9, Math.max(0, excess / pairs)) : 0;
  return correlation / (1 - correlation);
}

/** Log Bayes factor of serving the source, against voting as a person does whose liking is beta distributed. */
function evidenceOf({ votes }: SourceRecord, liking: number): number {
  let [wins, sum] = [0, 0];
  for (const [n, { isWin, expected }] of votes.entries()) {
    const win = (expected + liking * wins) / (1 + liking * n);
    sum += isWin ? Math.log(SERVES / win) : Math.log((1 - SERVES) / (1 - win));
    wins += Number(isWin);
  }
  return sum;
}
