// Gradients of a loss over log-ratios of whole completions, log(policy / reference), for DPO, online DPO and KTO.
import { packByLength } from '@/trainer/math/micro-batch';
import { completionLogprobsWithGradient } from '@/trainer/model/logprobs';
import { addGradients } from '@/trainer/model/optim';
import type { Backbone, Lora, NamedGradients } from '@/trainer/model/types';
import {
  batchCompletions,
  type Completion,
  scoreCompletions,
  splitByLength,
} from '@/trainer/sampling/completion-logprobs';

/** Sum of each completion's log-probs under an adapter, without a gradient; one number per completion. */
export function completionLogprobs(
  backbone: Backbone,
  lora: Lora | null,
  completions: readonly Completion[],
  microBatchTokens: number,
): number[] {
  const { logprobs } = scoreCompletions(backbone, lora, completions, microBatchTokens);
  return logprobs.map((row) => row.reduce((a, b) => a + b, 0));
}

/**
 * The gradient of `lossOf`, which gets the log-ratios of neighbouring completions in groups of `unit` (2 for pairs) and
 * returns its gradient with respect to them. Micro-batches add up, so `lossOf` divides by the whole batch.
 */
export function logRatioGradients(
  { backbone, policy }: { backbone: Backbone; policy: Lora },
  completions: readonly Completion[],
  referenceLogprobs: readonly number[],
  { unit, microBatchTokens }: { unit: number; microBatchTokens: number },
  lossOf: (logRatios: number[], units: number[]) => { loss: number; gradient: ArrayLike<number> },
): { loss: number; gradients: NamedGradients } {
  const gradients: NamedGradients = new Map();
  const lengthOf = (i: number) => completions[i]!.promptIds.length + completions[i]!.completionIds.length;
  const membersOf = (u: number) => Array.from({ length: unit }, (_, i) => u * unit + i);
  const longest = Array.from({ length: completions.length / unit }, (_, u) => Math.max(...membersOf(u).map(lengthOf)));
  let total = 0;
  for (const units of packByLength(longest, microBatchTokens, () => unit)) {
    const members = units.flatMap(membersOf);
    const { ids, positions } = batchCompletions(members.map((i) => completions[i]!));
    const lengths = members.map((i) => completions[i]!.completionIds.length);
    const result = backbone.backward({ ids }, policy, (hidden) =>
      completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => {
        const sums = splitByLength(logprobs, lengths).map((row) => row.reduce((a, b) => a + b, 0));
        const { loss, gradient } = lossOf(
          sums.map((x, i) => x - referenceLogprobs[members[i]!]!),
          units,
        );
        total += loss;
        return {
          loss,
          dLogprobs: Float32Array.from(lengths.flatMap((n, i) => new Array<number>(n).fill(gradient[i]!))),
        };
      }),
    );
    addGradients(gradients, result.gradients);
  }
  return { loss: total, gradients };
}
