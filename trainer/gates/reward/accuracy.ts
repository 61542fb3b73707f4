// The gate on the reward model's accuracy: it ranks held-out pairs as people did more often than a coin.
import type { GateResult } from '@/core/artifact/manifest';
import { measurePairs, type ScoredPair } from '@/trainer/reward/metrics';
import { above, notJudged, percent } from '../gate';

/** Standard errors above a coin that prove a model, and below `USEFUL` that prove it useless. */
const STANDARD_ERRORS = 2;
/** People themselves agree with one another in 60 to 75 % of pairs. */
const USEFUL = 0.6;
/** Pairs by which one of the two is proven. */
const ENOUGH = Math.round((STANDARD_ERRORS / (USEFUL - 0.5)) ** 2);

export function judgeAccuracy(pairs: readonly ScoredPair[]): GateResult {
  const has = Math.floor(effectiveSize(pairs));
  const accuracy = pairs.length === 0 ? 0.5 : measurePairs(pairs).accuracy;
  const error = 0.5 / Math.sqrt(Math.max(1, has)); // of a coin
  const note = `Of ${pairs.length} held-out pairs, those that the reward model ranks as people did; a coin reaches ${percent(0.5 + STANDARD_ERRORS * error)} by luck.`;
  const gate = above('reward_accuracy', accuracy, 0.5 + STANDARD_ERRORS * error, note, { pairs: pairs.length });
  if (gate.passed || accuracy + STANDARD_ERRORS * error < USEFUL) return gate;
  const lead = accuracy - 0.5;
  const needs = lead > 0 ? Math.min(ENOUGH, 1 / lead ** 2) : ENOUGH;
  return notJudged(gate, { unit: 'pairs', has, needs: Math.max(has + 1, Math.ceil(needs)) });
}

/** Kish's: pairs that count little say little. */
function effectiveSize(pairs: readonly ScoredPair[]): number {
  const sum = pairs.reduce((total, { weight }) => total + weight, 0);
  const squares = pairs.reduce((total, { weight }) => total + weight ** 2, 0);
  return squares === 0 ? 0 : sum ** 2 / squares;
}
