// Estimates each item's true label and each rater's confusions by EM (Dawid and Skene 1979), with crowd-kit's conventions.
import { AttuneError } from '@/core/errors';
import { type Crowd, softmax, voteShares } from './labels';

/** How often a rater gave a label, by the true label: counts[given][true]. Labels left out count 0. */
export type ConfusionCounts = Record<string, Record<string, number>>;

export interface DawidSkeneOptions {
  /** True labels of gold items, by item; their probabilities are held at 0 and 1. */
  gold?: ReadonlyMap<string, string>;
  /** Counts of former batches, by rater. They enter the first estimate only (crowd-kit's `initial_error`, "addition"). */
  history?: ReadonlyMap<string, ConfusionCounts>;
  /** Counts that stand beside the data in every estimate (a Dirichlet prior, by rater). */
  prior?: ReadonlyMap<string, ConfusionCounts>;
}

export interface DawidSkeneFit {
  /** [items][labels] */
  probabilities: Float64Array[];
  /** [labels]: share of items with each true label. */
  priors: Float64Array;
  /**
   * [raters][given x labels + true]: probability of giving a label when another is true. Labels that a rater never gave
   * have probability 0.
   */
  confusions: Float64Array[];
  /** The evidence's lower bound per label given, after each step of EM. */
  bounds: number[];
}

const MOST_STEPS = 100;
const LEAST_GAIN = 1e-5;
/** Crowd-kit's lower clip for probabilities, so that one label never rules a truth out. */
const FLOOR = 1e-10;

export function fitDawidSkene(crowd: Crowd, { gold, history, prior }: DawidSkeneOptions = {}): DawidSkeneFit {
  const goldLabels = indexGold(crowd, gold);
  const historyCounts = indexCounts(crowd, history);
  const priorCounts = indexCounts(crowd, prior);
  let probabilities = voteShares(crowd);
  setGold(probabilities, goldLabels);
  let priors = meanRow(probabilities, crowd.labels.length);
  let confusions = estimateConfusions(crowd, probabilities, [...historyCounts, ...priorCounts]);
  const bounds: number[] = [];
  for (let step = 0; step < MOST_STEPS && crowd.given.length > 0; step++) {
    probabilities = estimateTruth(crowd, priors, confusions);
    setGold(probabilities, goldLabels);
    priors = meanRow(probabilities, crowd.labels.length);
    confusions = estimateConfusions(crowd, probabilities, priorCounts);
    const bound = lowerBound(crowd, probabilities, priors, confusions) / crowd.given.length;
    bounds.push(bound);
    if (bound - (bounds.at(-2) ?? Number.NEGATIVE_INFINITY) < LEAST_GAIN) break;
  }
  return { probabilities, priors, confusions, bounds };
}

/** E step: prior times the probability of all labels given. */
function estimateTruth(crowd: Crowd, priors: Float64Array, confusions: readonly Float64Array[]): Float64Array[] {
  const count = crowd.labels.length;
  const rows = crowd.items.map(() => priors.map((share) => Math.log(Math.max(share, FLOOR))));
  for (const { item, rater, label } of crowd.given) {
    for (let truth = 0; truth < count; truth++) {
      rows[item]![truth]! += Math.log(confusions[rater]![label * count + truth]!);
    }
  }
  for (const row of rows) softmax(row);
  return rows;
}

interface RaterCounts {
  rater: number;
  /** Index of given x labels + true. */
  counts: Map<number, number>;
  /** Labels that the counts name as given, even 0 times. */
  given: Set<number>;
}

/** M step: expected counts, clipped and normalised over the labels that the rater has given. */
function estimateConfusions(
  crowd: Crowd,
  probabilities: readonly Float64Array[],
  extra: readonly RaterCounts[],
): Float64Array[] {
  const count = crowd.labels.length;
  const confusions = crowd.raters.map(() => new Float64Array(count * count));
  const given = crowd.raters.map(() => new Set<number>());
  for (const { item, rater, label } of crowd.given) {
    given[rater]!.add(label);
    for (let truth = 0; truth < count; truth++) {
      confusions[rater]![label * count + truth]! += probabilities[item]![truth]!;
    }
  }
  for (const { rater, counts, given: named } of extra) {
    for (const label of named) given[rater]!.add(label);
    for (const [index, times] of counts) confusions[rater]![index]! += times;
  }
  for (const [rater, row] of confusions.entries()) {
    for (let truth = 0; truth < count; truth++) {
      let total = 0;
      for (const label of given[rater]!) {
        const index = label * count + truth;
        row[index] = Math.max(row[index]!, FLOOR);
        total += row[index];
      }
      for (const label of given[rater]!) row[label * count + truth]! /= total;
    }
  }
  return confusions;
}

/** Crowd-kit's bound, which counts the prior once per label given; clips the probabilities, as crowd-kit does. */
function lowerBound(
  crowd: Crowd,
  probabilities: readonly Float64Array[],
  priors: Float64Array,
  confusions: readonly Float64Array[],
): number {
  const count = crowd.labels.length;
  const logPriors = priors.map((share) => Math.log(Math.max(share, FLOOR)));
  let bound = 0;
  for (const { item, rater, label } of crowd.given) {
    for (let truth = 0; truth < count; truth++) {
      const logLikelihood = Math.log(confusions[rater]![label * count + truth]!) + logPriors[truth]!;
      bound += probabilities[item]![truth]! * logLikelihood;
    }
  }
  for (const row of probabilities) {
    for (let truth = 0; truth < count; truth++) {
      const probability = Math.max(row[truth]!, FLOOR);
      row[truth] = probability;
      bound -= probability * Math.log(probability);
    }
  }
  return bound;
}

function meanRow(rows: readonly Float64Array[], count: number): Float64Array {
  const mean = new Float64Array(count);
  for (const row of rows) for (let i = 0; i < count; i++) mean[i]! += row[i]! / rows.length;
  return mean;
}

function setGold(probabilities: readonly Float64Array[], gold: ReadonlyMap<number, number>): void {
  for (const [item, truth] of gold) probabilities[item]!.fill(0)[truth] = 1;
}

/** Gold of items that nobody has labelled says nothing here. */
function indexGold({ items, labels }: Crowd, gold: ReadonlyMap<string, string> = new Map()): Map<number, number> {
  const found = new Map<number, number>();
  for (const [i, item] of items.entries()) {
    const truth = gold.get(item);
    if (truth !== undefined) found.set(i, indexOfLabel(labels, truth));
  }
  return found;
}

function indexCounts(
  { raters, labels }: Crowd,
  byRater: ReadonlyMap<string, ConfusionCounts> = new Map(),
): RaterCounts[] {
  return raters.flatMap((name, rater) => {
    const found = byRater.get(name);
    if (!found) return [];
    const counts = new Map<number, number>();
    const given = new Set<number>();
    for (const [label, byTruth] of Object.entries(found)) {
      const row = indexOfLabel(labels, label);
      given.add(row);
      for (const [truth, times] of Object.entries(byTruth)) {
        if (!(times >= 0)) throw new AttuneError('BAD_INPUT', `A count of ${times} labels is impossible.`);
        counts.set(row * labels.length + indexOfLabel(labels, truth), times);
      }
    }
    return [{ rater, counts, given }];
  });
}

function indexOfLabel(labels: readonly string[], label: string): number {
  const index = labels.indexOf(label);
  if (index >= 0) return index;
  throw new AttuneError(
    'BAD_INPUT',
    `The label ${JSON.stringify(label)} is not one of ${labels.join(', ')}; name it as a possible label.`,
  );
}
