// Trust as people and snapshots see it: for each rater and kind a weight, an interval, and the evidence for it.
import { BEHAVIOURS, type Habit } from './behaviours';
import { accountKey, collectEvidence, type TrustEvidence } from './evidence';
import type { Trust } from './trust';
import { reliabilityQuantile, weightOf } from './weight';

export interface RaterTrust {
  rater: string;
  kind: string;
  /** Factor of the rater's votes in every loss and statistic, 0 to 1. */
  weight: number;
  /** The votes count turned over, because they are reliably the opposite of what is so. */
  isInverted: boolean;
  /** Chance that a vote is right: mean and 95 % interval. */
  reliability: { mean: number; low: number; high: number };
  /** The habit that explains the votes best, if one does with a probability above a half. */
  habit: Habit | null;
  /** The group of raters with whom this one acts together. */
  collusion: string | null;
  /** The taste that the rater shares with others who differ from the crowd. */
  taste: string | null;
  evidence: TrustEvidence;
}

/** Least trusted first. */
export function reportTrust({ judgements, estimate, collusions, tastes, servants }: Trust): RaterTrust[] {
  const accounts = new Map(estimate.accounts.map((account) => [`${account.voter}\u0000${account.kind}`, account]));
  const evidence = collectEvidence(judgements);
  const raters = new Map(judgements.map((judgement) => [accountKey(judgement), judgement]));
  const reports = [...raters].map(([key, { rater, kind }]): RaterTrust => {
    const collusion = collusions.get(rater) ?? null;
    const account = accounts.get(accountKey({ rater: collusion ?? rater, kind }))!;
    const weight = weightOf(account, estimate);
    const quantile = (probability: number) => reliabilityQuantile(account.behaviours, probability);
    return {
      rater,
      kind,
      weight: Math.abs(weight),
      isInverted: weight < 0,
      reliability: { mean: (1 + account.signal) / 2, low: quantile(0.025), high: quantile(0.975) },
      habit: servants.has(rater) ? 'source' : habitOf(account.behaviours),
      collusion,
      taste: tastes.get(rater) ?? null,
      evidence: evidence.get(key)!,
    };
  });
  const signed = ({ weight, isInverted }: RaterTrust) => (isInverted ? -weight : weight);
  return reports.sort((a, b) => signed(a) - signed(b) || b.evidence.votes - a.evidence.votes);
}

function habitOf(behaviours: Float64Array): Habit | null {
  const chances = new Map<Habit, number>();
  for (const [b, { habit }] of BEHAVIOURS.entries()) {
    if (habit) chances.set(habit, (chances.get(habit) ?? 0) + behaviours[b]!);
  }
  return [...chances].find(([, chance]) => chance > 0.5)?.[0] ?? null;
}
