// How well scores predict comparisons: accuracy beside the length baseline, margin, calibration.
import { sigmoid } from './loss';

export interface ScoredPair {
  chosen: number;
  rejected: number;
  /** Answer tokens. */
  chosenLength: number;
  rejectedLength: number;
}

export interface PairMetrics {
  /** Share of pairs whose winner has the higher score; half for equal ones. */
  accuracy: number;
  /** Mean of chosen - rejected, in logits. */
  margin: number;
  /** Expected calibration error of sigmoid(|gap|) in ten bins. */
  ece: number;
}

const share = (pairs: readonly ScoredPair[], gap: (pair: ScoredPair) => number) =>
  pairs.reduce((sum, pair) => sum + (gap(pair) > 0 ? 1 : gap(pair) === 0 ? 0.5 : 0), 0) / pairs.length;

export function measurePairs(pairs: readonly ScoredPair[]): PairMetrics {
  const gap = ({ chosen, rejected }: ScoredPair) => chosen - rejected;
  const bins = Array.from({ length: 10 }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (const pair of pairs) {
    const confidence = sigmoid(Math.abs(gap(pair))); // in [0.5, 1)
    const bin = bins[Math.min(9, Math.floor((confidence - 0.5) * 20))]!;
    bin.count++;
    bin.confidence += confidence;
    bin.right += gap(pair) > 0 ? 1 : gap(pair) === 0 ? 0.5 : 0;
  }
  return {
    accuracy: share(pairs, gap),
    margin: pairs.reduce((sum, pair) => sum + gap(pair), 0) / pairs.length,
    ece: bins.reduce((sum, { confidence, right }) => sum + Math.abs(confidence - right), 0) / pairs.length,
  };
}

/** +1 where the longer answer wins more often than not, -1 where the shorter does. Fitted on training pairs alone. */
export const lengthRule = (pairs: readonly ScoredPair[]): 1 | -1 =>
  pairs.length === 0 || share(pairs, (pair) => pair.chosenLength - pair.rejectedLength) >= 0.5 ? 1 : -1;

/** Accuracy of that rule alone: what a model must beat to have learnt more than length. */
export const lengthBaseline = (pairs: readonly ScoredPair[], rule: 1 | -1) =>
  share(pairs, (pair) => rule * (pair.chosenLength - pair.rejectedLength));
