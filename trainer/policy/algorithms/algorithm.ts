// The interface between algorithms on the policy's own completions and the loop that they share, and the loop's state.

import type { OnPolicyConfig, SampledConfig } from '@/core/config/families';
import type { Finding } from '@/core/verdict';
import type { ConstraintStates } from '@/trainer/math/constraint';
import type { KlTarget } from '@/trainer/math/kl';
import type { RunningMoments } from '@/trainer/math/moments';
import type { Schedule } from '@/trainer/model/optim';
import type { Experience } from '@/trainer/policy/experience';
import type { AlarmState } from '@/trainer/policy/guards';
import type { LearningSignal } from '@/trainer/policy/learning-signal';
import type { Learner, PolicyState } from '@/trainer/policy/run';
import type { StepOutcome } from '@/trainer/policy/step';
import type { UpdateSums } from '@/trainer/policy/update-sums';
import type { Metrics } from '@/trainer/runs/store';
import type { Completion } from '@/trainer/sampling/completion-logprobs';

/** Everything in which one algorithm differs from another. */
export interface OnPolicyAlgorithm {
  config: SampledConfig & { algorithm: PolicyState['algorithm'] };
  /** Completions per prompt. */
  samplesPerPrompt: number;
  /**
   * Passes over one experience, completions per step, and how many neighbouring completions stay together in a step.
   */
  epochs: number;
  minibatch: number;
  unit: number;
  usesValues: boolean;
  /** The step size over a run; null if the algorithm finds its own. */
  rate: Omit<Schedule, 'totalSteps'> | null;
  /** The price of divergence at the start, and its target. */
  klCoefficient: number;
  adaptiveKl: KlTarget | null;
  /** Stored completions: most policy updates since they were sampled, and their share of an iteration. */
  stored: { maxStaleness: number; share: number } | null;
  /** A pure function of an experience, so that a resumed run gets the same result. */
  learn(experience: Experience, klCoefficient: number): LearningSignal;
  /** One optimiser step on some rows of the experience. */
  step(context: StepContext): StepOutcome;
  /** The algorithm's own figures of an experience. */
  metrics?(experience: Experience): Metrics;
}

export interface StepContext {
  learner: Learner;
  experience: Experience;
  signal: LearningSignal;
  rows: number[];
  iteration: number;
  klCoefficient: number;
  /** From the schedule, at this step; 0 without a schedule. */
  learningRate: number;
  /** Demonstrations to imitate at this step; none if the settings mix none in. */
  demonstrations(mix: Pick<OnPolicyConfig, 'demonstrationCoefficient' | 'demonstrationBatch'>): Completion[];
  /** Refuses the run if its first step does not start at ratio 1 with a finite entropy. */
  check(figures: { largestRatioError: number; entropy: number }): void;
}

/** Everything but tensors that a resumed run needs. */
export interface OnPolicyState extends PolicyState {
  /** Updates of the policy that are complete. */
  iteration: number;
  /** Progress of the current iteration's update: epochs and minibatches done, and their sums. */
  epoch: number;
  minibatch: number;
  sums: UpdateSums;
  /** The algorithm's own figures of the last step. */
  figures: Metrics;
  klCoefficient: number;
  constraints: ConstraintStates;
  alarms: AlarmState;
  scoreMoments: RunningMoments;
  /** Stored completions passed so far, and those among them that were refused as stale. */
  storedCursor: number;
  storedStale: number;
  /** Figures of the current policy's trial, if it had one. */
  trial: Metrics;
  /** Policies with a better objective than the kept one's that failed their trial, and what the last of them failed. */
  passedOver: { count: number; problems: Finding[] };
}
