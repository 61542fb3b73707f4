// Steps of only the value head, on hidden states without a gradient: for critic warm-up, and for the critic of TRPO.
import { type Tensor3D, tf } from '@/trainer/backend';
import { packByLength } from '@/trainer/math/micro-batch';
import { clipByGlobalNorm, disposeGradients } from '@/trainer/model/optim';
import { gatherPositions, type HiddenPositions } from '@/trainer/model/positions';
import { batchCompletions } from '@/trainer/sampling/completion-logprobs';
import type { Experience } from './experience';
import type { LearningSignal } from './learning-signal';
import type { Learner } from './run';
import { completionsAt, valueLoss } from './step';
import { NO_UPDATE, type UpdateSums } from './update-sums';

export interface ValueStepOptions {
  microBatchTokens: number;
  valueClip: number | null;
  valueLearningRate: number;
  /** Largest global norm of the gradient. */
  maxGradNorm: number;
  /** Number of steps, each on all rows. */
  epochs: number;
}

/** The backbone runs once, because the head learns detached from it. */
export function stepOnValues(
  { backbone, policy, valueHead, optimiser, variables }: Learner,
  experience: Experience,
  signal: LearningSignal,
  rows: readonly number[],
  { microBatchTokens, valueClip, valueLearningRate, maxGradNorm, epochs }: ValueStepOptions,
): UpdateSums {
  const sums: UpdateSums = { ...NO_UPDATE };
  const completions = completionsAt(experience, rows);
  const tokens = completions.reduce((total, { completionIds }) => total + completionIds.length, 0);
  const lengths = completions.map(({ promptIds, completionIds }) => promptIds.length + completionIds.length);
  const groups = packByLength(lengths, microBatchTokens);
  const hidden = tf.tidy(() => {
    const parts = groups.map((members) => {
      const { ids, positions } = batchCompletions(members.map((i) => completions[i]!));
      return gatherPositions(backbone.hidden({ ids }, policy), positions); // [n, H]
    });
    return tf.expandDims(tf.concat(parts, 0), 0) as Tensor3D; // [1, N, H]
  });
  const order = groups.flat().map((i) => rows[i]!);
  const positions: HiddenPositions = {
    row: new Int32Array(tokens),
    position: Int32Array.from({ length: tokens }, (_, i) => i),
  };
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const { gradients, dHidden } = valueHead!.loss(
        hidden,
        positions,
        (values) => valueLoss(experience, signal, order, values, { clip: valueClip, tokens, sums }),
        { detached: true },
      );
      dHidden.dispose();
      sums.valueGradNorm += clipByGlobalNorm(gradients, maxGradNorm);
      optimiser.step(variables, gradients, valueLearningRate);
      sums.valueSteps++;
      disposeGradients(gradients);
    }
    return sums;
  } finally {
    hidden.dispose();
  }
}
