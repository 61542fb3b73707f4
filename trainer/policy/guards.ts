// Checks that must hold before a policy is trained, and alarms that end a run that has gone wrong.
import { AttuneError } from '@/core/errors';
import type { Statement } from '@/core/verdict';

/** Figures of the first experience and of its first minibatch. */
export interface StartFigures {
  /** Largest |log p(policy) - log p(reference)| of a token, in nats: the policy must start as its reference. */
  largestKl: number;
  /** Largest |ratio - 1| of a token against the experience. */
  largestRatioError: number;
  /** Nats per token. */
  entropy: number;
}

const KL_TOLERANCE = 1e-3;
const RATIO_TOLERANCE = 1e-2;

/** Throws, naming the figure, unless policy, reference and experience agree before the first step. */
export function checkStart({ largestKl, largestRatioError, entropy }: StartFigures): void {
  const refuse = (what: string) => {
    throw new AttuneError('INTERNAL', `Training is refused before its first step: ${what}`);
  };
  if (!(largestKl <= KL_TOLERANCE)) {
    refuse(
      `a token's divergence from the reference is ${largestKl}; it must be 0. Is the policy a copy of its parent?`,
    );
  }
  if (!(largestRatioError <= RATIO_TOLERANCE)) {
    refuse(
      `a token's ratio differs from 1 by ${largestRatioError}. Do experience and update compute the same log-probs?`,
    );
  }
  if (!Number.isFinite(entropy)) refuse(`the entropy is ${entropy}. Look for a broken adapter or base.`);
}

/** Largest difference between two sets of log-probs, row by row; NaN if any of them is not a number. */
export function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let largest = 0;
  for (const [i, row] of a.entries()) {
    for (const [t, x] of row.entries()) {
      const difference = Math.abs(x - b[i]![t]!);
      if (Number.isNaN(difference)) return Number.NaN;
      largest = Math.max(largest, difference);
    }
  }
  return largest;
}

/** State of the alarms from one iteration to the next; part of a checkpoint. */
export interface AlarmState {
  negativeKlBatches: number;
  /** Successive iterations in which every completion got the same score. */
  flatBatches: number;
  /** Mean completion length of the first iteration, in tokens. */
  firstLength: number | null;
}

export const NO_ALARMS: AlarmState = { negativeKlBatches: 0, flatBatches: 0, firstLength: null };

export interface AlarmFigures {
  /** Nats per completion. */
  kl: number;
  meanScore: number;
  /** Variance of the scores. */
  scoreVariance: number;
  meanLength: number;
  /** Most tokens allowed in a completion. */
  cap: number;
  /** Variance of the raw advantages. */
  advantageVariance: number;
}

const BATCHES = 3;

/**
 * Watches one iteration. A verdict ends the run; with null the run continues. A negative
 * mean KL three times in a row means that samples are not the policy's own (truncated sampling), which would count as
 * free reward. Equal scores three times in a row mean that the reward says nothing: an advantage is then only the value
 * function's error.
 */
export function watchIteration(
  state: AlarmState,
  figures: AlarmFigures,
): { state: AlarmState; verdict: Statement | null } {
  const next: AlarmState = {
    negativeKlBatches: figures.kl < -0.02 ? state.negativeKlBatches + 1 : 0,
    flatBatches: figures.scoreVariance < 1e-12 ? state.flatBatches + 1 : 0,
    firstLength: state.firstLength ?? figures.meanLength,
  };
  return { state: next, verdict: verdictOf(next, figures) };
}

function verdictOf(state: AlarmState, figures: AlarmFigures): Statement | null {
  const { kl, meanLength, cap, advantageVariance, meanScore } = figures;
  const broken = Object.entries(figures).find(([, value]) => !Number.isFinite(value));
  if (broken) return { code: 'figure_broken', figure: broken[0], value: String(broken[1]) };
  if (advantageVariance < 1e-10) {
    return { code: 'equal_advantages', variance: advantageVariance };
  }
  if (state.flatBatches >= BATCHES) {
    return { code: 'flat_reward', batches: BATCHES, score: meanScore };
  }
  if (state.negativeKlBatches >= BATCHES) {
    return { code: 'negative_divergence', batches: BATCHES, kl };
  }
  const first = state.firstLength!;
  if (meanLength > 2 * first && meanLength > 0.95 * cap) {
    return { code: 'answers_grew', from: first, to: meanLength, cap };
  }
  return null;
}
