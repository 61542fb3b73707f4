// One cell of the table of hostile raters: what a crowd with a share of trolls costs a reward model, by method.
import { hash32 } from '@/core/rng';
import { estimateJointly } from '@/core/trust/joint';
import { itemKey } from '@/core/trust/judgement';
import type { Trust } from '@/core/trust/trust';
import { weightOf } from '@/core/trust/weight';
import { type Archetype, type Crowd, type SimulatedVote, simulateCrowd } from './crowd';
import type { JudgedPair } from './pairs';
import { accuracyOf, crossFit, fitProbe, MIDDLE_PRECISION, type PairVotes } from './probe';

export const METHODS = ['off', 'on', 'label smoothing', 'item filter'] as const;
export type Method = (typeof METHODS)[number];

export interface CellResult {
  archetype: Archetype;
  share: number;
  fold: number;
  seed: number;
  accuracy: Record<Method, number>;
  /** Mean weight of the honest raters and of the others. */
  weights: { honest: number; others: number };
  seconds: number;
}

export interface CellInput {
  pairs: readonly JudgedPair[];
  train: readonly number[];
  test: readonly number[];
  archetype: Archetype;
  share: number;
  fold: number;
  seed: number;
}

/** Model and trust learn together this many times. */
export const ROUNDS = 2;
/** As in cDPO: the share of labels that are taken to be wrong. */
const SMOOTHING = 0.2;

export async function runCell({ pairs, train, test, archetype, share, fold, seed }: CellInput): Promise<CellResult> {
  const started = performance.now();
  // The crowd of a fold and seed is the same for every archetype and share, apart from the trolls in it.
  const crowd = simulateCrowd({ pairs, places: train, share, kind: archetype, seed: hash32(seed, fold + 100) });
  const votes = crowd.votes.filter(({ truth }) => truth === undefined);
  const all = weighted(votes, () => 1);
  const plain = crossFit(pairs, all, seed);
  const judge = (rows: readonly PairVotes[], precision: number) =>
    accuracyOf(pairs, test, fitProbe(pairs, rows, precision));
  const trust = await trustOf(pairs, crowd, seed);
  const weightAt = new Map(crowd.votes.map((vote, i) => [vote, trust.weights[i]!]));
  const believed = weighted(votes, (vote) => weightAt.get(vote)!);
  const accuracy: Record<Method, number> = {
    off: judge(all, plain.precision),
    on: judge(believed, crossFit(pairs, believed, seed).precision),
    'label smoothing': judge(all.map(smoothed), plain.precision),
    'item filter': judge(filtered(votes, plain.beliefs, share), plain.precision),
  };
  return {
    archetype,
    share,
    fold,
    seed,
    accuracy,
    weights: meanWeights(crowd, trust),
    seconds: (performance.now() - started) / 1000,
  };
}

/** The product's own estimate, with this bench's small model in place of the trainer's probes. */
export const trustOf = (pairs: readonly JudgedPair[], { votes }: Crowd, seed: number): Promise<Trust> =>
  estimateJointly({
    judgements: votes,
    rounds: ROUNDS,
    async crossFit(weights) {
      const places = new Map(votes.map((vote, i) => [vote, weights[i]!]));
      const training = votes.filter(({ truth }) => truth === undefined);
      const { beliefs } = crossFit(
        pairs,
        weighted(training, (vote) => places.get(vote)!),
        seed,
        MIDDLE_PRECISION,
      );
      return new Map(training.map((vote) => [itemKey(vote), beliefs.get(vote.pair) ?? 0]));
    },
  });

/** Votes by pair; a vote of negative weight counts for the other side. */
export function weighted(votes: readonly SimulatedVote[], weightOfVote: (vote: SimulatedVote) => number): PairVotes[] {
  const rows = new Map<number, PairVotes>();
  for (const vote of votes) {
    const row = rows.get(vote.pair) ?? { pair: vote.pair, a: 0, b: 0 };
    const weight = weightOfVote(vote);
    if (vote.label > 0.5 === weight > 0) row.a += Math.abs(weight);
    else row.b += Math.abs(weight);
    rows.set(vote.pair, row);
  }
  return [...rows.values()];
}

const smoothed = ({ pair, a, b }: PairVotes): PairVotes => ({
  pair,
  a: (1 - SMOOTHING) * a + SMOOTHING * b,
  b: (1 - SMOOTHING) * b + SMOOTHING * a,
});

/** Drops the votes that a cross-fitted model believes least; it is told which share of them is hostile. */
function filtered(votes: readonly SimulatedVote[], beliefs: ReadonlyMap<number, number>, share: number): PairVotes[] {
  const belief = ({ pair, label }: SimulatedVote) => (label > 0.5 ? 1 : -1) * beliefs.get(pair)!;
  const kept = [...votes].sort((a, b) => belief(b) - belief(a)).slice(0, Math.round((1 - share) * votes.length));
  return weighted(kept, () => 1);
}

function meanWeights({ people }: Crowd, { estimate, collusions }: Trust): { honest: number; others: number } {
  const byVoter = new Map(estimate.accounts.map((account) => [account.voter, weightOf(account, estimate)]));
  const meanOf = (isHonest: boolean) => {
    const own = [...people].filter(([, person]) => (person === 'honest') === isHonest);
    const weights = own.map(([rater]) => byVoter.get(collusions.get(rater) ?? rater) ?? 1);
    return weights.length ? weights.reduce((a, b) => a + b, 0) / weights.length : 0;
  };
  return { honest: meanOf(true), others: meanOf(false) };
}
