// The loop that algorithms on the policy's own completions share: sample, judge, watch, keep the best, update, save.
//
// An algorithm decides what its completions are worth and how to take one step; this file does the rest, so that all
// algorithms resume bit for bit, refuse, stop and log in the same way.
import { performance } from 'node:perf_hooks';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { AttuneError } from '@/core/errors';
import { hash32, Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { moments } from '@/trainer/math/advantages';
import { constraintMetrics, excessOf, unconstrainedScore, updateConstraints } from '@/trainer/math/constraint';
import { adaptKlCoefficient } from '@/trainer/math/kl';
import type { ScalarHead } from '@/trainer/model/heads';
import { learningRateAt } from '@/trainer/model/optim';
import type { Metrics } from '@/trainer/runs/store';
import type { Completion } from '@/trainer/sampling/completion-logprobs';
import type { OnPolicyAlgorithm, StepContext } from './algorithms/algorithm';
import { costsAt, type Experience, gatherExperience, ownRows, selectRows } from './experience';
import { checkStart, largestDifference, watchIteration } from './guards';
import { considerPolicy, passedOverOf } from './kept-policy';
import type { LearningSignal } from './learning-signal';
import { type LoopRun, type OnPolicyConfig, openLoop } from './loop-run';
import { experienceMetrics, explainedVariance, klPerSequence } from './metrics';
import { closeRun, finishRun, type PolicyInput, type PolicyResult, saveRun } from './run';
import { takeStored } from './stored-experience';
import { addSums, NO_UPDATE, updateMetrics } from './update-sums';

export async function optimiseOnPolicy(
  input: PolicyInput<OnPolicyConfig>,
  algorithm: OnPolicyAlgorithm,
): Promise<PolicyResult> {
  const run = await openLoop(input, algorithm);
  try {
    while (run.state.verdict === null) {
      if (!run.experience) await gather(run);
      if (run.state.verdict === null) await update(run);
    }
    return finishRun(run, passedOverOf(run.state.passedOver));
  } finally {
    closeRun(run);
  }
}

/** Gathers experience of the current policy, which is judged before anything is learnt from it. */
async function gather(run: LoopRun): Promise<void> {
  const { input, state, algorithm } = run;
  const { config, policy } = input;
  const { valueHead } = run.learner;
  input.signal.throwIfAborted();
  state.trial = {};
  run.since = performance.now();
  const adapterId = await input.publish(policy.toAdapter(), state.iteration);
  const { prompts, seeds, stored } = chooseCompletions(run);
  const gathered = await gatherExperience(
    input,
    valueHead,
    {
      config,
      adapterId,
      prompts,
      seeds,
      stored,
      signal: input.signal,
      iteration: state.iteration,
      constraintStates: state.constraints,
      scoreMoments: state.scoreMoments,
    },
    (scores) => {
      if (state.iteration === 0 && valueHead) startValues(valueHead, scores);
    },
  );
  const { experience } = gathered;
  state.scoreMoments = gathered.scoreMoments;
  if (state.iteration === 0) {
    const largestKl = largestDifference(experience.logprobs, experience.referenceLogprobs);
    checkStart({ largestKl, largestRatioError: 0, entropy: moments(experience.entropy).mean });
  }

  const signal = algorithm.learn(experience, state.klCoefficient);
  const metrics = measure(run, experience, signal);
  const kl = klPerSequence(experience);
  const watched = watchIteration(state.alarms, {
    kl,
    meanScore: metrics['objective/scores']!,
    scoreVariance: moments([experience.scores]).variance,
    meanLength: metrics['response_length/mean']!,
    cap: config.maxResponseTokens,
    advantageVariance: moments(signal.rawAdvantages).variance,
  });
  state.alarms = watched.state;
  const isOver = kl > config.klBudget;
  state.verdict =
    watched.verdict ??
    (isOver
      ? { code: 'over_budget', kl, budget: config.klBudget }
      : state.iteration >= config.iterations
        ? { code: 'iterations_done', iterations: config.iterations }
        : null);

  if (!isOver && !watched.verdict) {
    const { 'objective/scores': score } = metrics;
    await considerPolicy(run, adapterId, {
      iteration: state.iteration,
      ...worthOf(run, experience, metrics),
      score: score!,
      kl,
    });
  }
  run.experience = experience;
  if (state.verdict !== null) {
    input.onMetrics('ppo', state.iteration, { ...metrics, ...state.trial });
  }
  await saveRun(run);
}

/** What one policy is kept for over another: prices change between iterations, so they are taken out of the objective. */
function worthOf({ input, state }: LoopRun, experience: Experience, metrics: Metrics) {
  const { scores, costs } = selectRows(experience, ownRows(experience));
  const free = Float32Array.from(scores, (score, row) =>
    unconstrainedScore(score, costsAt(costs, row), input.constraints, state.constraints),
  );
  return {
    objective: metrics['objective/non_score_reward']! + moments([free]).mean,
    excess: excessOf(input.constraints, costs),
  };
}

/** Chooses the prompts to ask now, and the stored completions to add. */
function chooseCompletions(run: LoopRun) {
  const { state, algorithm, input } = run;
  const { sequences, seed } = input.config;
  const { maxStaleness, share } = algorithm.stored ?? { maxStaleness: 0, share: 0 };
  const limits = { iteration: state.iteration, maxStaleness };
  const joined = takeStored(run.stored, state.storedCursor, Math.floor(sequences * share), limits);
  state.storedCursor = joined.cursor;
  state.storedStale += joined.stale;
  const k = algorithm.samplesPerPrompt;
  const prompts = run.prompts
    .take((state.iteration * sequences) / k, sequences / k)
    .flatMap((ids) => Array(k).fill(ids));
  const fresh: Int32Array[] = prompts.slice(0, sequences - joined.taken.length);
  const seeds = fresh.map((_, row) => hash32(seed, state.iteration * 65_536 + row));
  return { prompts: fresh, seeds, stored: joined.taken };
}

/** Several epochs of minibatches on one experience. */
async function update(run: LoopRun): Promise<void> {
  const { input, state, algorithm, learner } = run;
  const { config } = input;
  const experience = run.experience!;
  const signal = algorithm.learn(experience, state.klCoefficient); // the same after a resume
  const units = Math.ceil(experience.completionIds.length / algorithm.unit);
  const unitsPerStep = algorithm.minibatch / algorithm.unit;
  const perEpoch = Math.ceil(units / unitsPerStep);
  while (state.epoch < algorithm.epochs) {
    await yieldToEvents(); // native steps block the event loop; heartbeat and cancellation run between them
    input.signal.throwIfAborted();
    const seed = hash32(config.seed + 1, state.iteration * 1024 + state.epoch);
    const order = new Rng(seed).shuffle(Array.from({ length: units }, (_, i) => i));
    const chosen = order.slice(state.minibatch * unitsPerStep, (state.minibatch + 1) * unitsPerStep);
    const rows = chosen.flatMap((unit) => Array.from({ length: algorithm.unit }, (_, i) => unit * algorithm.unit + i));
    const isFirst = state.optimiserSteps === 0 && state.sums.steps === 0;
    const outcome = algorithm.step({
      learner,
      experience,
      signal,
      rows,
      iteration: state.iteration,
      klCoefficient: state.klCoefficient,
      learningRate: learningRateOf(run, state.optimiserSteps),
      demonstrations: (mix) => demonstrationsAt(run, mix),
      check: (figures) => {
        if (isFirst) checkStart({ largestKl: 0, ...figures });
      },
    });
    const { sums } = outcome;
    state.sums = addSums(state.sums, sums);
    state.optimiserSteps += sums.steps;
    state.figures = outcome.figures ?? {};
    state.verdict = outcome.problem;
    state.minibatch++;
    if (state.minibatch === perEpoch) {
      state.epoch++;
      state.minibatch = 0;
    }
    if (sums.rejected) break;
    if (state.sums.steps % config.checkpointEverySteps === 0 && state.epoch < algorithm.epochs) await saveRun(run);
  }
  endIteration(run, experience, signal);
  await saveRun(run);
}

/** Learning rate of the policy's step with that number; 0 if the algorithm finds its own. */
function learningRateOf({ algorithm }: LoopRun, step: number): number {
  const { config, epochs, minibatch, rate } = algorithm;
  const totalSteps = config.iterations * epochs * Math.ceil(config.sequences / minibatch);
  return rate ? learningRateAt({ ...rate, totalSteps }, step) : 0;
}

/** Reports figures and updates the prices of divergence and constraints; the next experience follows. */
function endIteration(run: LoopRun, experience: Experience, signal: LearningSignal): void {
  const { input, state, algorithm } = run;
  const { config } = input;
  const seconds = (performance.now() - run.since) / 1000;
  const metrics: Metrics = { ...measure(run, experience, signal), ...updateMetrics(state.sums), ...state.figures };
  if (algorithm.usesValues) {
    const explained = explainedVariance(experience.values, signal.returns);
    metrics['ppo/val/var_explained'] = metrics['critic/vf_explained_var'] = explained;
  }
  if (algorithm.rate) metrics.lr = learningRateOf(run, Math.max(0, state.optimiserSteps - 1));
  metrics.episode = (state.iteration + 1) * config.sequences;
  metrics.eps = config.sequences / seconds;
  if (algorithm.adaptiveKl) {
    const kl = klPerSequence(experience);
    state.klCoefficient = adaptKlCoefficient(state.klCoefficient, kl, experience.scores.length, algorithm.adaptiveKl);
  }
  const costs = selectRows(experience, ownRows(experience)).costs;
  state.constraints = updateConstraints(input.constraints, state.constraints, costs, state.iteration);
  input.onMetrics('ppo', state.iteration, metrics);
  Object.assign(state, { iteration: state.iteration + 1, epoch: 0, minibatch: 0, sums: NO_UPDATE, figures: {} });
  run.experience = null;
}

function measure(run: LoopRun, experience: Experience, signal: LearningSignal): Metrics {
  const { input, state, algorithm } = run;
  const own = selectRows(experience, ownRows(experience));
  return {
    ...experienceMetrics(experience, {
      klCoefficient: state.klCoefficient,
      penalty: signal.penalty,
      cap: input.config.maxResponseTokens,
      endIds: input.backbone.config.eosTokenIds,
    }),
    ...constraintMetrics(input.constraints, state.constraints, own.costs),
    ...(run.stored.length || Object.values(run.refused).some(Boolean)
      ? { ...run.refused, 'stored/passed_stale': state.storedStale }
      : {}),
    ...state.trial,
    ...algorithm.metrics?.(experience),
  };
}

/** With zero weights and the mean of the first scores as bias, every state starts with that mean as its value. */
function startValues(valueHead: ScalarHead, scores: Float32Array): void {
  const mean = moments([scores]).mean;
  tf.tidy(() => valueHead.variables.get('value.bias')!.assign(tf.scalar(mean)));
}

function demonstrationsAt(
  { demonstrations, state }: LoopRun,
  mix: Parameters<StepContext['demonstrations']>[0],
): Completion[] {
  const { demonstrationCoefficient, demonstrationBatch } = mix;
  if (demonstrationCoefficient === 0) return [];
  if (demonstrations) return demonstrations.take(state.optimiserSteps * demonstrationBatch, demonstrationBatch);
  throw new AttuneError(
    'BAD_INPUT',
    `demonstrationCoefficient is ${demonstrationCoefficient}, but there are no demonstrations. Add some, or set it to 0.`,
  );
}
