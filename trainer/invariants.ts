// What must hold before a policy is trained, with the alarms that end a run that has gone wrong.
import { AttuneError } from '@/core/errors';

/** Figures of the first experience and of its first minibatch. */
export interface StartFigures {
  /** Largest |log p(policy) - log p(reference)| of a token, in nats: the policy starts as its reference. */
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
    refuse(`a token's ratio is off 1 by ${largestRatioError}. Do experience and update compute the same log-probs?`);
  }
  if (!Number.isFinite(entropy)) refuse(`the entropy is ${entropy}. Look for a broken adapter or base.`);
}

/** What the alarms remember from one iteration to the next; part of a checkpoint. */
export interface AlarmState {
  negativeKlBatches: number;
  /** Mean answer length of the first iteration, tokens. */
  firstLength: number | null;
}

export const NO_ALARMS: AlarmState = { negativeKlBatches: 0, firstLength: null };

export interface AlarmFigures {
  /** Nats per answer. */
  kl: number;
  meanScore: number;
  meanLength: number;
  /** Longest answer allowed, tokens. */
  cap: number;
  /** Variance of the raw advantages. */
  advantageVariance: number;
}

/**
 * Watches one iteration. A verdict is a sentence for people and ends the run; null goes on. Negative mean KL three times
 * running means that samples are not the policy's own (truncated sampling), which PPO would take for free reward.
 */
export function watchIteration(
  state: AlarmState,
  figures: AlarmFigures,
): { state: AlarmState; verdict: string | null } {
  const next: AlarmState = {
    negativeKlBatches: figures.kl < -0.02 ? state.negativeKlBatches + 1 : 0,
    firstLength: state.firstLength ?? figures.meanLength,
  };
  const first = next.firstLength ?? figures.meanLength;
  const explodes = figures.meanLength > 2 * first && figures.meanLength > 0.95 * figures.cap;
  const broken = Object.entries(figures).find(([, value]) => !Number.isFinite(value));
  const verdict = broken
    ? `${broken[0]} became ${broken[1]}; the last sound policy is kept.`
    : figures.advantageVariance < 1e-10
      ? `All advantages are equal (variance ${figures.advantageVariance}): the reward tells the answers nothing apart.`
      : next.negativeKlBatches >= 3
        ? `The divergence was negative in 3 batches running (now ${figures.kl.toFixed(3)} nats): samples are not the policy's own.`
        : explodes
          ? `Answers grew from ${first.toFixed(0)} to ${figures.meanLength.toFixed(0)} tokens, up to the cap of ${figures.cap}.`
          : null;
  return { state: next, verdict };
}
