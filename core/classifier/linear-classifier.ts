// A linear text classifier: the probability of each label from a text's hashed features.
import { FEATURE_BITS, featuresOf } from './features';

export interface LinearLabel {
  name: string;
  bias: number;
  /** By feature. */
  weights: Float32Array;
}

export const FEATURES = 2 ** FEATURE_BITS;

/** Every text weighs the same, however long it is. */
export const featureValue = (features: Uint32Array) => 1 / Math.sqrt(Math.max(1, features.length));

export function logitOf({ bias, weights }: Pick<LinearLabel, 'bias' | 'weights'>, features: Uint32Array): number {
  let sum = 0;
  for (const feature of features) sum += weights[feature]!;
  return bias + sum * featureValue(features);
}

export const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

export function classify(labels: readonly LinearLabel[], text: string): Record<string, number> {
  const features = featuresOf(text);
  return Object.fromEntries(labels.map((label) => [label.name, sigmoid(logitOf(label, features))]));
}
