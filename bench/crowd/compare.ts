// Compares majority vote, Dawid-Skene and GLAD with crowd-kit's on the same labels.
import { join } from 'node:path';
import { runPython } from '@/bench/peers/python';
import { Rng } from '@/core/rng';
import { estimateKrippendorffAlpha, type Level } from '@/core/statistics/agreement/krippendorff';
import { bernoulliSequenceInterval, shareLogEvidence } from '@/core/statistics/confidence-sequence';
import { fitDawidSkene } from '@/core/statistics/crowd/dawid-skene';
import { fitGlad } from '@/core/statistics/crowd/glad';
import { type Crowd, indexLabels, likeliestLabels, voteShares } from '@/core/statistics/crowd/labels';
import type { Interval } from '@/core/statistics/statistics';
import type { CrowdSet } from './sets';

/** An M step that ends near the optimum, so that its result does not depend on rounding. */
const CONVERGED = { maxSteps: 1000, tolerance: 1e-3 };
const SCRIPT = join(import.meta.dirname, '../peers/crowd.py');

interface PeerFit {
  seconds: number;
  labels: Record<string, string>;
  probabilities: Record<string, Record<string, number>>;
}

interface Fit {
  seconds: number;
  labels: Map<string, string>;
  probabilities: Float64Array[];
}

export interface Comparison {
  maxProbabilityDifference: number;
  /** Items with another most probable label. */
  labelsThatDiffer: number;
  /** Over the items whose truth is known. */
  accuracy: { ours: number; theirs: number };
  /** 95 %, of ours. */
  interval: Interval;
  seconds: { ours: number; theirs: number };
}

const askPeer = async (python: string, task: object) =>
  JSON.parse(await runPython(python, [SCRIPT], JSON.stringify(task))) as PeerFit;

const asRows = ({ labels }: CrowdSet) => labels.map(({ item, rater, label }) => [item, rater, label]);

function timedFit(crowd: Crowd, fit: () => Float64Array[]): Fit {
  const started = performance.now();
  const probabilities = fit();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, labels: likeliestLabels(crowd, probabilities), probabilities };
}

type Labels = ReadonlyMap<string, string>;

function countRight(labels: Labels, truth: Labels): { right: number; known: number } {
  const known = [...labels].filter(([item]) => truth.has(item));
  return { right: known.filter(([item, label]) => truth.get(item) === label).length, known: known.length };
}

export function accuracyOf(labels: Labels, truth: Labels): number {
  const { right, known } = countRight(labels, truth);
  return right / known;
}

function intervalOf(labels: Labels, truth: Labels): Interval {
  const { right, known } = countRight(labels, truth);
  return bernoulliSequenceInterval(right, known);
}

/** The items where one of the two is right and the other is not, and the log of the evidence that this is no chance. */
function compareAccuracy(first: Labels, second: Labels, truth: Labels) {
  const decided = [...truth].filter(([item, right]) => (first.get(item) === right) !== (second.get(item) === right));
  const wins = decided.filter(([item, right]) => first.get(item) === right).length;
  return { wins, losses: decided.length - wins, logEvidence: shareLogEvidence(wins, decided.length, 0.5) };
}

function compare(crowd: Crowd, truth: CrowdSet['truth'], ours: Fit, theirs: PeerFit): Comparison {
  const differences = crowd.items.flatMap((item, i) =>
    crowd.labels.map((label, k) => Math.abs(ours.probabilities[i]![k]! - theirs.probabilities[item]![label]!)),
  );
  return {
    maxProbabilityDifference: differences.reduce((most, value) => Math.max(most, value), 0),
    labelsThatDiffer: crowd.items.filter((item) => ours.labels.get(item) !== theirs.labels[item]).length,
    accuracy: {
      ours: accuracyOf(ours.labels, truth),
      theirs: accuracyOf(new Map(Object.entries(theirs.labels)), truth),
    },
    interval: intervalOf(ours.labels, truth),
    seconds: { ours: ours.seconds, theirs: theirs.seconds },
  };
}

/**
 * All three models with crowd-kit's own settings. `beatsMajority` says where weighting raters is more accurate;
 * `peerRowOrderNoise`, how far crowd-kit's GLAD is from itself when the same rows come in another order.
 */
export async function compareWithCrowdKit(python: string, set: CrowdSet) {
  const crowd = indexLabels(set.labels);
  const labels = asRows(set);
  const majority = timedFit(crowd, () => voteShares(crowd));
  const majorityFound = compare(crowd, set.truth, majority, await askPeer(python, { method: 'majority', labels }));
  const judge = (ours: Fit, theirs: PeerFit) => {
    const found = compare(crowd, set.truth, ours, theirs);
    const beatsMajority = {
      ours: found.accuracy.ours > majorityFound.accuracy.ours,
      theirs: found.accuracy.theirs > majorityFound.accuracy.theirs,
      ...compareAccuracy(ours.labels, majority.labels, set.truth),
    };
    return { ...found, beatsMajority };
  };
  const dawidSkene = timedFit(crowd, () => fitDawidSkene(crowd).probabilities);
  const glad = timedFit(crowd, () => fitGlad(crowd).probabilities);
  const theirGlad = await askPeer(python, { method: 'glad', labels });
  const again = await askPeer(python, { method: 'glad', labels: new Rng(1).shuffle(labels) });
  return {
    majority: majorityFound,
    dawidSkene: judge(dawidSkene, await askPeer(python, { method: 'dawid-skene', labels })),
    glad: { ...judge(glad, theirGlad), peerRowOrderNoise: largestDifference(theirGlad, again) },
  };
}

function largestDifference(first: PeerFit, second: PeerFit): number {
  let most = 0;
  for (const [item, row] of Object.entries(first.probabilities)) {
    for (const [label, value] of Object.entries(row)) {
      most = Math.max(most, Math.abs(value - second.probabilities[item]![label]!));
    }
  }
  return most;
}

/** Agreement of all raters beyond chance; the labels of both sets are ordered, from 0 to 1 and from G to X. */
export function measureAgreement(set: CrowdSet) {
  const { items, given } = indexLabels(set.labels);
  const values = items.map((): number[] => []);
  for (const { item, label } of given) values[item]!.push(label);
  const estimate = (level: Level) => estimateKrippendorffAlpha(values, level, new Rng(1), { rounds: 100 });
  return { nominal: estimate('nominal'), ordinal: estimate('ordinal') };
}

/** GLAD with an M step that runs to its optimum in both. */
export async function compareConvergedGlad(python: string, set: CrowdSet): Promise<Comparison> {
  const crowd = indexLabels(set.labels);
  const ours = timedFit(crowd, () => fitGlad(crowd, { mStep: CONVERGED }).probabilities);
  return compare(
    crowd,
    set.truth,
    ours,
    await askPeer(python, { method: 'glad', labels: asRows(set), mStep: CONVERGED }),
  );
}
