// What an algorithm on the policy's own answers tells the loop that all of them share, and what that loop remembers.

import type { OnPolicyConfig, SampledConfig } from '@/core/config/policy';
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

/** What tells one algorithm from another. */
export interface OnPolicyAlgorithm {
  config: SampledConfig & { algorithm: PolicyState['algorithm'] };
  /** Answers to each prompt. */
  samplesPerPrompt: number;
  /** Passes over one experience, and answers a step; a step's answers come in units of so many neighbours. */
  epochs: number;
  minibatch: number;
  unit: number;
  usesValues: boolean;
  /** The step size over a run; null where the algorithm finds its own. */
  rate: Omit<Schedule, 'totalSteps'> | null;
  /** The start and the target of the price of divergence. */
  klCoefficient: number;
  adaptiveKl: KlTarget | null;
  /** Stored answers: the updates by which they may be behind, and their share of an iteration. */
  stored: { maxStaleness: number; share: number } | null;
  /** Plain functions of an experience, so that a resumed run finds them again. */
  learn(experience: Experience, klCoefficient: number): LearningSignal;
  /** One optimiser step on some rows of the experience. */
  step(context: StepContext): StepOutcome;
  /** Its own figures of an experience. */
  metrics?(experience: Experience): Metrics;
}

export interface StepContext {
  learner: Learner;
  experience: Experience;
  signal: LearningSignal;
  rows: number[];
  iteration: number;
  klCoefficient: number;
  /** By the schedule, at this step; 0 without one. */
  learningRate: number;
  /** What to imitate at this step: none where the settings mix none in. */
  demonstrations(mix: Pick<OnPolicyConfig, 'demonstrationCoefficient' | 'demonstrationBatch'>): Completion[];
  /** Refuses the run where its first step does not start at ratio 1 with a finite entropy. */
  check(figures: { largestRatioError: number; entropy: number }): void;
}

/** Everything but tensors that a resumed run needs. */
export interface OnPolicyState extends PolicyState {
  /** Updates of the policy that are complete. */
  iteration: number;
  /** Where inside the current iteration's update: epochs, minibatches done, with what they summed up to. */
  epoch: number;
  minibatch: number;
  sums: UpdateSums;
  /** Of the algorithm's own, of the last step. */
  figures: Metrics;
  klCoefficient: number;
  constraints: ConstraintStates;
  alarms: AlarmState;
  scoreMoments: RunningMoments;
  /** Stored answers passed, and refused as stale on the way. */
  storedCursor: number;
  storedStale: number;
  /** Of the current policy's trial, where it had one. */
  trial: Metrics;
  /** Policies with a better objective than the kept one's that failed their trial, and what the last of them failed. */
  passedOver: { count: number; problems: string[] };
}
