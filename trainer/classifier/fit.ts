// Fits a linear text classifier by logistic regression, and chooses each label's threshold on rows kept apart for it.
import { FEATURES, featureValue, type LinearLabel, logitOf, sigmoid } from '@/core/classifier/linear-classifier';
import { Rng } from '@/core/rng';

export interface FeatureRow {
  features: Uint32Array;
  labels: ReadonlySet<string>;
  /** As many rows as it counts for; 1 if it is left out. */
  weight?: number;
}

export interface ClassifierConfig {
  epochs: number;
  learningRate: number;
  /** Share of the rows that choose the threshold instead of being fitted on. */
  thresholdShare: number;
  seed: number;
}

/** Measured on wiki-toxicity and davidson-tweets: more epochs, other rates and an L2 penalty were no better. */
export const CLASSIFIER_DEFAULTS: ClassifierConfig = { epochs: 5, learningRate: 0.3, thresholdShare: 0.15, seed: 1 };

export interface FittedClassifier {
  labels: LinearLabel[];
  /** By label: the probability with the best F1 on the rows kept apart. */
  thresholds: Record<string, number>;
}

export function fitClassifier(rows: readonly FeatureRow[], config: ClassifierConfig): FittedClassifier {
  const shuffled = new Rng(config.seed).shuffle(rows);
  const apart = Math.round(shuffled.length * config.thresholdShare);
  const [judged, fitted] = [shuffled.slice(0, apart), shuffled.slice(apart)];
  const names = [...new Set(rows.flatMap(({ labels }) => [...labels]))].sort();
  const labels = names.map((name) => fitLabel(fitted, name, config));
  return { labels, thresholds: Object.fromEntries(labels.map((label) => [label.name, bestThreshold(label, judged)])) };
}

/** AdaGrad on the log-loss, one row after the other in a new order each epoch. */
function fitLabel(
  rows: readonly FeatureRow[],
  name: string,
  { epochs, learningRate, seed }: ClassifierConfig,
): LinearLabel {
  const weights = new Float32Array(FEATURES);
  const squares = new Float32Array(FEATURES);
  let bias = 0;
  let biasSquares = 0;
  const rng = new Rng(seed);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { features, labels, weight = 1 } of rng.shuffle(rows)) {
      const error = weight * (sigmoid(logitOf({ bias, weights }, features)) - (labels.has(name) ? 1 : 0));
      const gradient = error * featureValue(features);
      biasSquares += error * error;
      bias -= (learningRate * error) / Math.sqrt(biasSquares + 1e-8);
      for (const feature of features) {
        squares[feature]! += gradient * gradient;
        weights[feature]! -= (learningRate * gradient) / Math.sqrt(squares[feature]! + 1e-8);
      }
    }
  }
  return { name, bias, weights };
}

/** Between every two neighbouring probabilities; 0.5 if no row has the label. */
function bestThreshold(label: LinearLabel, rows: readonly FeatureRow[]): number {
  const scored = rows
    .map(({ features, labels, weight = 1 }) => ({
      ...{ score: sigmoid(logitOf(label, features)), isHit: labels.has(label.name), weight },
    }))
    .sort((a, b) => b.score - a.score);
  const total = scored.reduce((sum, { isHit, weight }) => sum + (isHit ? weight : 0), 0);
  let best = { f1: 0, threshold: 0.5 };
  let right = 0;
  let found = 0;
  scored.forEach(({ score, isHit, weight }, i) => {
    found += weight;
    if (isHit) right += weight;
    const f1 = (2 * right) / (found + total);
    if (f1 > best.f1) best = { f1, threshold: (score + (scored[i + 1]?.score ?? score)) / 2 };
  });
  return best.threshold;
}
