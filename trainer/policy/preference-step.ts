// Gradients of a loss over log-ratios of whole answers, log(policy / reference): what DPO, online DPO and KTO share.
import { packByLength } from '@/trainer/math/micro-batch';
import { responseLogprobsWithGradient } from '@/trainer/model/logprobs';
import { addGradients } from '@/trainer/model/optim';
import type { Lora, NamedGradients, Trunk } from '@/trainer/model/types';
import { type Answer, batchAnswers, scoreResponses, splitByLength } from '@/trainer/sampling/completion-logprobs';

/** Sum of an answer's log-probs under some adapter, without a gradient; one number an answer. */
export function answerLogprobs(
  trunk: Trunk,
  lora: Lora | null,
  answers: readonly Answer[],
  microBatchTokens: number,
): number[] {
  const { logprobs } = scoreResponses(trunk, lora, answers, microBatchTokens);
  return logprobs.map((row) => row.reduce((a, b) => a + b, 0));
}

/**
 * The gradient of `lossOf`, which sees the log-ratios of neighbouring answers in units of `unit` (2 for pairs) and returns
 * its gradient for them. Micro-batches add up, so `lossOf` divides by the whole batch.
 */
export function logRatioGradients(
  { trunk, policy }: { trunk: Trunk; policy: Lora },
  answers: readonly Answer[],
  referenceLogprobs: readonly number[],
  { unit, microBatchTokens }: { unit: number; microBatchTokens: number },
  lossOf: (logRatios: number[], units: number[]) => { loss: number; gradient: ArrayLike<number> },
): { loss: number; gradients: NamedGradients } {
  const gradients: NamedGradients = new Map();
  const lengthOf = (i: number) => answers[i]!.promptIds.length + answers[i]!.answerIds.length;
  const membersOf = (u: number) => Array.from({ length: unit }, (_, i) => u * unit + i);
  const longest = Array.from({ length: answers.length / unit }, (_, u) => Math.max(...membersOf(u).map(lengthOf)));
  let total = 0;
  for (const units of packByLength(longest, microBatchTokens, () => unit)) {
    const members = units.flatMap(membersOf);
    const { ids, positions } = batchAnswers(members.map((i) => answers[i]!));
    const lengths = members.map((i) => answers[i]!.answerIds.length);
    const result = trunk.backward({ ids }, policy, (hidden) =>
      responseLogprobsWithGradient(trunk, hidden, positions, 1, (logprobs) => {
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
