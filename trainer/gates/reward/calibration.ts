// The gate on the reward model's calibration: when it says 80 %, people agree in about 80 of 100 held-out pairs.
import type { GateResult } from '@/core/artifact/manifest';
import { Rng } from '@/core/rng';
import { sigmoid } from '@/trainer/math/loss/score';
import { BINS, confidenceBin, expectedCalibrationError, type ScoredPair } from '@/trainer/reward/metrics';
import { atMost, notJudged } from '../gate';

/** Expected calibration error that does no harm. */
const HARMLESS = 0.1;
const LEAST_PAIRS = 30;
/** A limit above this would let anything pass. */
const COARSEST = 0.3;
const DRAWS = 400;
const LEVEL = 0.9975;

/**
 * A calibrated model has an error above 0 by luck: how large is found by drawing the labels from its own probabilities
 * (consistency resampling, Bröcker and Smith 2007).
 */
export function judgeCalibration(pairs: readonly ScoredPair[]): GateResult {
  const luck = luckOf(pairs);
  const error = pairs.length === 0 ? 0 : expectedCalibrationError(pairs);
  const note = `Mean distance of probability and share over ${pairs.length} held-out pairs; up to ${luck.toPrecision(2)} may be luck.`;
  const gate = atMost('reward_calibration', error, Math.max(HARMLESS, luck), note, { pairs: pairs.length });
  const has = pairs.length;
  if (has < LEAST_PAIRS) return notJudged(gate, { unit: 'pairs', has, needs: LEAST_PAIRS });
  if (!gate.passed || luck <= COARSEST) return gate;
  return notJudged(gate, { unit: 'pairs', has, needs: Math.ceil(has * (luck / COARSEST) ** 2) });
}

function luckOf(pairs: readonly ScoredPair[]): number {
  if (pairs.length === 0) return 0;
  const rng = new Rng(17);
  const likely = pairs.map((pair) => {
    const confidence = sigmoid(Math.abs(pair.chosen - pair.rejected));
    return { confidence, weight: pair.weight, bin: confidenceBin(confidence) };
  });
  const weight = likely.reduce((sum, pair) => sum + pair.weight, 0);
  const drawn = Array.from({ length: DRAWS }, () => {
    const gaps = new Float64Array(BINS);
    for (const pair of likely) {
      const isRight = rng.uniform() < pair.confidence ? 1 : 0;
      gaps[pair.bin]! += pair.weight * (pair.confidence - isRight);
    }
    return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / weight;
  }).sort((a, b) => a - b);
  return drawn[Math.floor(LEVEL * DRAWS)]!;
}
