// A minority with its own consistent taste: what weight it keeps, and what a reward model that knows it gives each group.

import { mean } from 'simple-statistics';
import { GroupRobustConfig } from '@/core/config/reward';
import { hash32 } from '@/core/rng';
import { weightOf } from '@/core/trust/weight';
import { nextGroupWeights } from '@/trainer/math/group-weights';
import { logSigmoid } from '@/trainer/math/loss/score';
import { PROTOCOL, simulateCrowd } from './crowd';
import { type CellInput, trustOf, weighted } from './hostile';
import type { JudgedPair } from './pairs';
import { accuracyOf, crossFit, fitProbe, MIDDLE_PRECISION, type PairVotes } from './probe';

export interface MinorityCell {
  /** Share of the pairs that three raters judge; the protocol's, or all of them. */
  overlapShare: number;
  fold: number;
  seed: number;
  /** Raters of the taste that were found, of all of them; and raters of the crowd that were taken for it. */
  found: number;
  mistaken: number;
  /** Mean weight of the minority over that of the majority. */
  weight: number;
  /**
   * Held-out accuracy on what the majority and the minority want: one model, worst-group weighting of the groups that were
   * found and of those that raters state themselves, a head a group.
   */
  one: GroupAccuracy;
  reweighted: GroupAccuracy;
  stated: GroupAccuracy;
  heads: GroupAccuracy;
}

interface GroupAccuracy {
  majority: number;
  minority: number;
}

const SHARE = 0.2;
/** Weight of the other group's votes in a group's head. */
const SHARED = 0.25;
/** As many as the trainer's probes take. */
const ROUNDS = 6;

export async function runMinorityCell({
  pairs,
  train,
  test,
  fold,
  seed,
  overlapShare,
}: Omit<CellInput, 'archetype' | 'share'> & { overlapShare: number }): Promise<MinorityCell> {
  const crowd = simulateCrowd({
    pairs,
    places: train,
    share: SHARE,
    kind: 'taste',
    seed: hash32(seed, fold + 100),
    protocol: { ...PROTOCOL, overlapShare },
  });
  const trust = await trustOf(pairs, crowd, seed);
  const weights = new Map(trust.estimate.accounts.map((account) => [account.voter, weightOf(account, trust.estimate)]));
  const ofGroup = (person: string) =>
    mean(
      [...crowd.people]
        .filter(([, own]) => own === person)
        .map(([rater]) => weights.get(trust.collusions.get(rater) ?? rater)!),
    );
  const weightAt = new Map(crowd.votes.map((vote, i) => [vote, trust.weights[i]!]));
  const votes = crowd.votes.filter(({ truth }) => truth === undefined);
  const rowsBy = (isOwn: (rater: string) => boolean) => (minority: number, majority: number) =>
    weighted(votes, (vote) => weightAt.get(vote)! * (isOwn(vote.rater) ? minority : majority));
  const rowsWith = rowsBy((rater) => trust.tastes.has(rater));
  const statedRows = rowsBy((rater) => crowd.people.get(rater) === 'taste');
  const judge = (rows: readonly PairVotes[]) => {
    const { precision } = crossFit(pairs, rows, seed);
    return fitProbe(pairs, rows, precision);
  };
  const accuracy = (majority: Float64Array, minority: Float64Array): GroupAccuracy => ({
    majority: accuracyOf(pairs, test, majority),
    minority: accuracyOf(pairs, test, minority, ({ truth, taste }) => (taste === 0 ? truth === 1 : taste > 0)),
  });
  const one = judge(rowsWith(1, 1));
  const robust = trust.tastes.size ? judge(rowsWith(...worstGroupFactors(pairs, rowsWith, seed))) : one;
  const stated = judge(statedRows(...worstGroupFactors(pairs, statedRows, seed)));
  const [majorityHead, minorityHead] = trust.tastes.size
    ? [judge(rowsWith(SHARED, 1)), judge(rowsWith(1, SHARED))]
    : [one, one];
  const others = [...trust.tastes.keys()].filter((rater) => crowd.people.get(rater) !== 'taste').length;
  return {
    overlapShare,
    fold,
    seed,
    found: trust.tastes.size - others,
    mistaken: others,
    weight: ofGroup('taste') / ofGroup('honest'),
    one: accuracy(one, one),
    reweighted: accuracy(robust, robust),
    stated: accuracy(stated, stated),
    heads: accuracy(majorityHead, minorityHead),
  };
}

/** The factors of the product's group-robust objective, from cross-fitted losses. */
function worstGroupFactors(
  pairs: readonly JudgedPair[],
  rowsWith: (minority: number, majority: number) => PairVotes[],
  seed: number,
): [minority: number, majority: number] {
  const rows = [rowsWith(1, 0), rowsWith(0, 1)].map((own) => own.filter(({ a, b }) => a + b > 0));
  const sizes = rows.map((own) => own.reduce((sum, { a, b }) => sum + a + b, 0));
  const groups = rows.map((own, g) => ({
    share: sizes[g]! / (sizes[0]! + sizes[1]!),
    examples: own.length,
    chanceLoss: Math.LN2,
  }));
  const { stepSize: rate, adjustment, mostFactor } = GroupRobustConfig.parse({ key: 'raters' });
  let weights = groups.map(({ share }) => share);
  const factors = () => weights.map((weight, g) => weight / groups[g]!.share) as [number, number];
  for (let round = 0; round < ROUNDS; round++) {
    const { beliefs } = crossFit(pairs, rowsWith(...factors()), seed, MIDDLE_PRECISION);
    const sums = rows.map((own, g) => ({
      weight: sizes[g]!,
      loss: own.reduce((sum, { pair, a, b }) => {
        const belief = beliefs.get(pair)!;
        return sum - a * logSigmoid(belief) - b * logSigmoid(-belief);
      }, 0),
    }));
    weights = nextGroupWeights(weights, groups, sums, { rate, adjustment, mostFactor });
  }
  return factors();
}

/** The two designs: a taste shows only where people meet, so the second has every pair judged by three. */
export const OVERLAPS = [PROTOCOL.overlapShare, 1];

/** Points that a head a group gives the minority, which is served worst, and that it costs the majority. */
export function summariseMinority(cells: readonly MinorityCell[]) {
  const designs = OVERLAPS.flatMap((overlapShare) => {
    const own = cells.filter((cell) => cell.overlapShare === overlapShare);
    return own.length ? [{ overlapShare, ...figuresOf(own) }] : [];
  });
  const { minorityWeight, heads } = designs.at(-1)!;
  return { minorityWeight, worstGroupGain: heads.minority, majorityLoss: -heads.majority, minority: designs };
}

function figuresOf(cells: readonly MinorityCell[]) {
  const points = (setting: 'one' | 'reweighted' | 'stated' | 'heads', group: keyof GroupAccuracy) =>
    100 * mean(cells.map((cell) => cell[setting][group]));
  const gain = (setting: 'reweighted' | 'stated' | 'heads') => ({
    minority: points(setting, 'minority') - points('one', 'minority'),
    majority: points(setting, 'majority') - points('one', 'majority'),
  });
  return {
    cells: cells.length,
    found: mean(cells.map(({ found }) => found)),
    mistaken: mean(cells.map(({ mistaken }) => mistaken)),
    minorityWeight: mean(cells.map(({ weight }) => weight)),
    accuracyOfOne: { majority: points('one', 'majority'), minority: points('one', 'minority') },
    /** Points gained over one model for all: with a head a group, and with one model by worst-group weighting. */
    heads: gain('heads'),
    reweighted: gain('reweighted'),
    /** The product's setting: groups that are stated, and not found. */
    stated: gain('stated'),
  };
}
