// Compares majority vote, Dawid-Skene and GLAD with crowd-kit's on the same labels.
import { join } from 'node:path';
import { runPython } from '@/bench/peers/python';
import { Rng } from '@/core/rng';
import { fitDawidSkene } from '@/core/statistics/crowd/dawid-skene';
import { fitGlad } from '@/core/statistics/crowd/glad';
import { type Crowd, indexLabels, likeliestLabels, voteShares } from '@/core/statistics/crowd/labels';
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

export function accuracyOf(labels: ReadonlyMap<string, string>, truth: ReadonlyMap<string, string>): number {
  const known = [...labels].filter(([item]) => truth.has(item));
  return known.filter(([item, label]) => truth.get(item) === label).length / known.length;
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
    seconds: { ours: ours.seconds, theirs: theirs.seconds },
  };
}

/** All three models with crowd-kit's own settings. */
export async function compareWithCrowdKit(python: string, set: CrowdSet) {
  const crowd = indexLabels(set.labels);
  const labels = asRows(set);
  const one = async (method: string, fit: () => Float64Array[], options = {}) =>
    compare(crowd, set.truth, timedFit(crowd, fit), await askPeer(python, { method, labels, ...options }));
  return {
    majority: await one('majority', () => voteShares(crowd)),
    dawidSkene: await one('dawid-skene', () => fitDawidSkene(crowd).probabilities),
    glad: await one('glad', () => fitGlad(crowd).probabilities),
  };
}

/** GLAD with an M step that runs to its optimum in both. */
export async function compareConvergedGlad(python: string, set: CrowdSet): Promise<Comparison> {
  const crowd = indexLabels(set.labels);
  const ours = timedFit(crowd, () => fitGlad(crowd, { mStep: CONVERGED }).probabilities);
  return compare(crowd, set.truth, ours, await askPeer(python, { method: 'glad', labels: asRows(set), mStep: CONVERGED }));
}

/** How far crowd-kit's GLAD is from itself when the same rows come in another order. */
export async function rowOrderNoise(python: string, set: CrowdSet): Promise<number> {
  const labels = asRows(set);
  const first = await askPeer(python, { method: 'glad', labels });
  const second = await askPeer(python, { method: 'glad', labels: new Rng(1).shuffle(labels) });
  let most = 0;
  for (const [item, row] of Object.entries(first.probabilities)) {
    for (const [label, value] of Object.entries(row)) {
      most = Math.max(most, Math.abs(value - second.probabilities[item]![label]!));
    }
  }
  return most;
}
