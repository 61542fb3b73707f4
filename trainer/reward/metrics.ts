// How well scores predict the winner: accuracy against the length baseline, margin, calibration, worst group first.

import { groupBy } from '@/core/group-by';
import { isSelfGroup } from '@/core/groups';
import { foldSmall } from '@/core/statistics/fold';
import { wilsonInterval } from '@/core/statistics/statistics';
import { decidedPairs } from '@/trainer/math/loss/ranking';
import { sigmoid } from '@/trainer/math/loss/score';
import { completionsOf, personOf, promptKey, type RewardExample } from '@/trainer/math/reward-examples';

export interface ScoredPair {
  chosen: number;
  rejected: number;
  /** Trust in the rater, so that a vote that is not believed does not judge. */
  weight: number;
  /** Completion tokens. */
  chosenLength: number;
  rejectedLength: number;
}

export interface LabelledPair extends ScoredPair {
  /** Pairs of one prompt belong together. */
  prompt: string;
  /** Whose judgement it is; one of its own where the rater is unknown. */
  person: string;
  groups: Record<string, string>;
}

export interface PairMetrics {
  /** Share of pairs whose winner has the higher score; a tie counts half. */
  accuracy: number;
  /** Mean of chosen - rejected, in logits. */
  margin: number;
  /** Expected calibration error of sigmoid(|gap|) in ten bins. */
  ece: number;
}

export interface GroupMetrics extends PairMetrics {
  /** For example `language` and `de`. */
  key: string;
  /** null for groups of few people together. */
  value: string | null;
  /** Raters of the pairs. */
  people: number;
  pairs: number;
  /** Wilson's 95 % interval of the accuracy, as if pairs were independent; those of one prompt or ranking are not quite. */
  low: number;
  high: number;
  lengthBaseline: number;
}

type Gap = (pair: ScoredPair) => number;
const byScore: Gap = ({ chosen, rejected }) => chosen - rejected;
const right = (gap: number) => (gap > 0 ? 1 : gap === 0 ? 0.5 : 0);
const share = (pairs: readonly ScoredPair[], gap: Gap) =>
  pairs.reduce((sum, pair) => sum + pair.weight * right(gap(pair)), 0) / weightOf(pairs);
const weightOf = (pairs: readonly ScoredPair[]) => pairs.reduce((sum, { weight }) => sum + weight, 0);

/**
 * Decided pairs in scored examples: comparisons, corrections, and the pick of best-of-N against each other one, rankings;
 * of safety labels, the less safe against the safer one. Without those of raters who are not believed; the winner that an inverter names is the loser.
 */
export function scoredPairs(scored: readonly { example: RewardExample; scores: ArrayLike<number> }[]): LabelledPair[] {
  return scored.flatMap(({ example, scores }, at) => {
    const lengths = completionsOf(example).map((ids) => ids.length);
    const weight = Math.abs(example.weight);
    if (weight === 0) return [];
    const beats = (winner: number, loser: number): LabelledPair => ({
      weight,
      chosen: scores[winner]!,
      rejected: scores[loser]!,
      chosenLength: lengths[winner]!,
      rejectedLength: lengths[loser]!,
      prompt: promptKey(example),
      person: personOf(example, at),
      groups: example.groups ?? {},
    });
    if (example.kind === 'best_of') {
      if (example.weight < 0) return [];
      return lengths.flatMap((_, i) => (i === example.best ? [] : [beats(example.best, i)]));
    }
    if (example.kind === 'ranking') {
      return decidedPairs(example.ranks).map(([winner, loser]) =>
        example.weight > 0 ? beats(winner, loser) : beats(loser, winner),
      );
    }
    if (example.kind === 'safety') return example.isOrdered && example.weight > 0 ? [beats(0, 1)] : [];
    const isDecided = example.kind === 'correction' || (example.kind === 'comparison' && example.outcome === 'chosen');
    if (!isDecided) return [];
    if (example.weight > 0) return [beats(0, 1)];
    return example.kind === 'comparison' ? [beats(1, 0)] : [];
  });
}

export const measurePairs = (pairs: readonly ScoredPair[]): PairMetrics => ({
  accuracy: share(pairs, byScore),
  margin: pairs.reduce((sum, pair) => sum + pair.weight * byScore(pair), 0) / weightOf(pairs),
  ece: expectedCalibrationError(pairs),
});

export const BINS = 10;
/** Equal parts of the confidences from 0.5 to 1. */
export const confidenceBin = (confidence: number): number =>
  Math.min(BINS - 1, Math.floor((confidence - 0.5) * 2 * BINS));

/** Ten equal bins of confidence from 0.5 to 1: the mean distance between confidence and the share that is right. */
export function expectedCalibrationError(pairs: readonly ScoredPair[]): number {
  const bins = Array.from({ length: BINS }, () => ({ confidence: 0, right: 0 }));
  for (const pair of pairs) {
    const confidence = sigmoid(Math.abs(byScore(pair))); // in [0.5, 1]
    const bin = bins[confidenceBin(confidence)]!;
    bin.confidence += pair.weight * confidence;
    bin.right += pair.weight * right(byScore(pair));
  }
  return bins.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0) / weightOf(pairs);
}

/** +1 if the longer completion wins more often than not, -1 if the shorter does. Fitted only on training pairs. */
export const lengthRule = (pairs: readonly ScoredPair[]): 1 | -1 =>
  pairs.length === 0 || share(pairs, (pair) => pair.chosenLength - pair.rejectedLength) >= 0.5 ? 1 : -1;

/** Accuracy of only that rule, which a model must beat to have learnt more than length. */
export const lengthBaseline = (pairs: readonly ScoredPair[], rule: 1 | -1) =>
  share(pairs, (pair) => rule * (pair.chosenLength - pair.rejectedLength));

/**
 * The same figures for each group of at least `smallest` pairs, the least accurate group first. Groups of few people are
 * put together, as on every page.
 */
export function measureGroups(pairs: readonly LabelledPair[], rule: 1 | -1, smallest = 1): GroupMetrics[] {
  const keys = [...new Set(pairs.flatMap(({ groups }) => Object.keys(groups)))];
  return keys
    .flatMap((key) => foldSmall(groupPairs(pairs, key)).map((folded) => ({ key, ...folded })))
    .filter(({ items }) => items.length >= smallest)
    .map(({ key, value, people, items }) => ({
      key,
      value,
      people,
      pairs: items.length,
      ...measurePairs(items),
      ...wilsonInterval(share(items, byScore) * items.length, items.length),
      lengthBaseline: lengthBaseline(items, rule),
    }))
    .sort((a, b) => a.accuracy - b.accuracy || b.pairs - a.pairs);
}

/** A person who has said different things of themselves is in one group with all that they judged: the first. */
function groupPairs(pairs: readonly LabelledPair[], key: string): Map<string, LabelledPair[]> {
  const members = pairs.filter(({ groups }) => Object.hasOwn(groups, key));
  const said = new Map<string, string>();
  for (const { person, groups } of members) if (!said.has(person)) said.set(person, groups[key]!);
  return groupBy(members, ({ person, groups }) => (isSelfGroup(key) ? said.get(person)! : groups[key]!));
}
