// The loop that algorithms on stored preferences share: seeded batches, held-out evaluation, keep the best, save.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { type OfflineConfig, rateOf } from '@/core/config/families';
import { AttuneError } from '@/core/errors';
import { hash32, Rng } from '@/core/rng';
import { holdOut } from '@/trainer/data/hold-out';
import { mismatchedKl } from '@/trainer/math/loss/preference';
import { disposeGradients, learningRateAt } from '@/trainer/model/optim';
import type { Metrics } from '@/trainer/runs/store';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import { checkStart } from './guards';
import { completionLogprobs, logRatioGradients } from './preference-step';
import {
  closeRun,
  finishRun,
  keepPolicy,
  openRun,
  type PolicyInput,
  type PolicyResult,
  type PolicyRun,
  type PolicyState,
  saveRun,
} from './run';
import { applyGradients, problemOf } from './step';
import { NO_UPDATE } from './update-sums';

/** One thing to learn from: a comparison with its two completions, chosen first, or one completion. */
export interface PreferenceItem {
  completions: Completion[];
  weight: number;
}

/** Everything in which one algorithm differs from another. */
export interface OfflineAlgorithm<Item extends PreferenceItem> {
  config: OfflineConfig & { algorithm: PolicyState['algorithm']; batchExamples: number };
  items: readonly Item[];
  /** Whether the loss needs the divergence of completions under their neighbours' prompts as a reference point. */
  needsMismatchedKl: boolean;
  /** The loss over the log-ratios of some items' completions, divided by `normaliser`, with its gradient. */
  loss(
    logRatios: number[],
    items: readonly Item[],
    context: { kl: number; normaliser: number },
  ): { loss: number; gradient: ArrayLike<number> };
  /** TRL's figures of the implicit rewards beta * logratio. */
  metrics(logRatios: number[], items: readonly Item[]): Metrics;
}

export interface OfflineState extends PolicyState {
  epoch: number;
  batch: number;
  /** Epochs since the best held-out loss. */
  stale: number;
  /** Sums over the batches of this epoch. */
  loss: number;
  gradNorm: number;
}

type Config = OfflineAlgorithm<PreferenceItem>['config'];
interface Run<Item extends PreferenceItem> extends PolicyRun<OfflineState, Config> {
  algorithm: OfflineAlgorithm<Item>;
  train: Item[];
  heldOut: Item[];
}

export async function optimiseOnPreferences<Item extends PreferenceItem>(
  input: PolicyInput<Config>,
  algorithm: OfflineAlgorithm<Item>,
): Promise<PolicyResult> {
  const { config } = algorithm;
  const { train, heldOut } = holdOut(algorithm.items, ({ completions }) => completions[0]!.promptIds.join(), config);
  if (train.length === 0) {
    throw new AttuneError(
      'BAD_INPUT',
      `There are no preferences for ${config.algorithm} to learn from. Collect comparisons or thumbs.`,
    );
  }
  const start = { epoch: 0, batch: 0, stale: 0, loss: 0, gradNorm: 0 };
  const run: Run<Item> = { ...(await openRun<OfflineState, Config>(input, null, start)), algorithm, train, heldOut };
  try {
    if (run.state.optimiserSteps === 0 && run.state.epoch === 0 && run.state.batch === 0) startOn(run);
    while (run.state.verdict === null) {
      await yieldToEvents(); // native steps block the event loop; heartbeat and cancellation run between them
      input.signal.throwIfAborted();
      stepOnBatch(run);
      const isEpoch = run.state.batch * config.batchExamples >= train.length;
      if (isEpoch && run.state.verdict === null) endEpoch(run);
      if (isEpoch || run.state.verdict !== null || run.state.optimiserSteps % config.checkpointEverySteps === 0) {
        await saveRun(run);
      }
    }
    return finishRun(run);
  } finally {
    closeRun(run);
  }
}

/** Reports the parent's figures; refuses a policy that is not a copy of its reference. */
function startOn(run: Run<PreferenceItem>): void {
  const items = run.heldOut.length ? run.heldOut : run.train.slice(0, run.algorithm.config.batchExamples);
  const logRatios = logRatiosOf(
    run,
    items.flatMap(({ completions }) => completions),
  );
  const largest = logRatios.reduce((a, b) => (Number.isNaN(b) ? Number.NaN : Math.max(a, Math.abs(b))), 0);
  checkStart({ largestKl: largest, largestRatioError: 0, entropy: 0 });
  const { loss, metrics } = evaluate(run, items);
  keepPolicy(run, { iteration: 0, objective: -loss, score: metrics.eval_accuracy ?? 0, kl: 0 });
  run.input.onMetrics('ppo', 0, { ...metrics, 'kl/reference_to_policy': 0 });
}

function logRatiosOf({ learner, input }: Run<PreferenceItem>, completions: Completion[]): number[] {
  const { microBatchTokens } = input.config;
  const policy = completionLogprobs(learner.backbone, learner.policy, completions, microBatchTokens);
  const reference = completionLogprobs(learner.backbone, input.reference, completions, microBatchTokens);
  return policy.map((x, i) => x - reference[i]!);
}

function stepOnBatch<Item extends PreferenceItem>(run: Run<Item>): void {
  const { state, algorithm, learner, input, train } = run;
  const { config } = algorithm;
  const order = new Rng(hash32(config.seed, state.epoch)).shuffle(train);
  const items = order.slice(state.batch * config.batchExamples, (state.batch + 1) * config.batchExamples);
  const completions = items.flatMap((item) => item.completions);
  const unit = completions.length / items.length;
  const reference = completionLogprobs(learner.backbone, input.reference, completions, config.microBatchTokens);
  const kl = algorithm.needsMismatchedKl ? mismatchedKlOf(run, completions) : 0;
  const { loss, gradients } = logRatioGradients(
    learner,
    completions,
    reference,
    { unit, microBatchTokens: config.microBatchTokens },
    (logRatios, units) =>
      algorithm.loss(
        logRatios,
        units.map((u) => items[u]!),
        { kl, normaliser: items.length },
      ),
  );
  try {
    const perEpoch = Math.ceil(train.length / config.batchExamples);
    const schedule = { ...rateOf(config), totalSteps: perEpoch * config.epochs };
    state.verdict = problemOf(loss, gradients);
    if (state.verdict !== null) return;
    const sums = { ...NO_UPDATE };
    applyGradients(learner, gradients, config, learningRateAt(schedule, state.optimiserSteps), sums);
    state.loss += loss;
    state.gradNorm += sums.gradNorm;
    state.optimiserSteps++;
    state.batch++;
  } finally {
    disposeGradients(gradients);
  }
}

/** Mean log-ratio of completions under their neighbours' prompts (KTO, equation 8), at least 0, without a gradient. */
function mismatchedKlOf(run: Run<PreferenceItem>, completions: readonly Completion[]): number {
  const shifted = completions.map(({ promptIds }, i) => ({
    promptIds,
    completionIds: completions[(i + 1) % completions.length]!.completionIds,
  }));
  const logRatios = logRatiosOf(run, shifted);
  return mismatchedKl(logRatios);
}

function evaluate<Item extends PreferenceItem>(run: Run<Item>, items: readonly Item[]) {
  const { algorithm } = run;
  const completions = items.flatMap((item) => item.completions);
  const logRatios = logRatiosOf(run, completions);
  const kl = algorithm.needsMismatchedKl ? mismatchedKlOf(run, completions) : 0;
  const { loss } = algorithm.loss(logRatios, items, { kl, normaliser: items.length });
  // KL(reference || policy) if the completions are the parent's own; the other direction needs samples of the policy.
  const divergence = 0 - logRatios.reduce((a, b) => a + b, 0) / logRatios.length;
  const figures = algorithm.metrics(logRatios, items);
  const metrics: Metrics = { eval_loss: loss, eval_accuracy: figures['rewards/accuracies']!, ...figures };
  return { loss, divergence, metrics };
}

/** Reports held-out figures and keeps the best state; the run ends after some epochs without a better one. */
function endEpoch(run: Run<PreferenceItem>): void {
  const { state, input, algorithm } = run;
  const { config } = algorithm;
  const items = run.heldOut.length ? run.heldOut : run.train;
  const { loss, divergence, metrics } = evaluate(run, items);
  state.epoch++;
  const isBetter = -loss > state.best.objective || state.best.iteration === 0;
  if (isBetter) {
    keepPolicy(run, { iteration: state.epoch, objective: -loss, score: metrics.eval_accuracy!, kl: divergence });
  }
  state.stale = isBetter ? 0 : state.stale + 1;
  input.onMetrics('ppo', state.epoch, {
    loss: state.loss / state.batch,
    grad_norm: state.gradNorm / state.batch,
    'kl/reference_to_policy': divergence,
    ...metrics,
    lr: config.learningRate,
    steps: state.optimiserSteps,
  });
  Object.assign(state, { batch: 0, loss: 0, gradNorm: 0 });
  state.verdict =
    state.epoch >= config.epochs
      ? { code: 'epochs_done', epochs: config.epochs }
      : state.stale >= config.patience
        ? { code: 'no_improvement', epochs: config.patience }
        : null;
}
