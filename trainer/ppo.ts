// Proximal policy optimisation of a LoRA policy against a reward, priced constraints and divergence from its reference.
//
// The steps are numbered as in Schulman et al. 2017 (algorithm 1), with the details of Ziegler et al. 2019. One trunk
// serves policy, reference, reward and value. Left out: dropout (ratios would not start at 1), a loss shared with the
// value function (its head has its own step size on a detached trunk), sampling at another temperature than 1.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { Adapter } from '@/core/adapter';
import { AttuneError } from '@/core/errors';
import { hash32, Rng } from '@/core/rng';
import { tf } from '@/trainer/backend';
import { moments } from './advantage';
import {
  type CheckpointStore,
  type NamedTensors,
  packOptimiser,
  packVariables,
  unpackOptimiser,
  unpackVariables,
} from './checkpoint';
import { nextPrice } from './constraint';
import {
  type Experience,
  type ExperienceSources,
  gatherExperience,
  packExperience,
  unpackExperience,
} from './experience';
import { type AlarmState, checkStart, NO_ALARMS, watchIteration } from './invariants';
import { adaptKlCoefficient } from './kl';
import { createScalarHead, type ScalarHead } from './model/heads';
import type { NamedVariables } from './model/types';
import { AdamW } from './optim';
import {
  addSums,
  experienceMetrics,
  explainedVariance,
  klPerSequence,
  type Metrics,
  NO_UPDATE,
  type UpdateSums,
  updateMetrics,
} from './ppo-metrics';
import { learningSignal, stepOnMinibatch } from './ppo-step';

export interface PpoInput extends Omit<ExperienceSources, 'prices'> {
  /** Rendered prompts in ids; each iteration takes the next ones of an order shuffled by the seed. */
  prompts: readonly Int32Array[];
  /** Makes the policy of an iteration known to the engine and returns the name it has there. */
  publish(adapter: Adapter, iteration: number): Promise<string>;
  signal: AbortSignal;
  onMetrics(stage: 'ppo', iteration: number, metrics: Metrics): void;
  checkpoints: CheckpointStore<PpoState> | null;
}

/** Everything but tensors that a resumed run needs. */
export interface PpoState {
  /** Updates of the policy that are complete. */
  iteration: number;
  /** Where inside the current iteration's update: epochs, minibatches done, with what they summed up to. */
  epoch: number;
  minibatch: number;
  sums: UpdateSums;
  klCoefficient: number;
  prices: Record<string, number>;
  alarms: AlarmState;
  /** The policy kept so far: best reward less divergence, within the budget. Iteration 0 is the parent. */
  best: { iteration: number; objective: number; score: number; kl: number };
  /** Why the run ended; null while it goes on. */
  verdict: string | null;
}

export interface PpoResult {
  /** The kept policy; `policy` holds it, too. */
  adapter: Adapter;
  kept: PpoState['best'];
  verdict: string;
}

interface Run {
  input: PpoInput;
  state: PpoState;
  valueHead: ScalarHead;
  optimiser: AdamW;
  variables: NamedVariables;
  experience: Experience | null;
  best: NamedTensors;
}

export async function trainPpo(input: PpoInput): Promise<PpoResult> {
  const run = await openRun(input);
  try {
    while (run.state.verdict === null) {
      if (!run.experience) await gather(run); // 1-4
      if (run.state.verdict === null) await update(run); // 5-8
    }
    unpackVariables('best', input.policy.variables, run.best);
    return { adapter: input.policy.toAdapter(), kept: run.state.best, verdict: run.state.verdict };
  } finally {
    run.valueHead.dispose();
    run.optimiser.dispose();
  }
}

async function openRun(input: PpoInput): Promise<Run> {
  const { config, policy, trunk, checkpoints } = input;
  if (!usablePrompts(input).length) {
    throw new AttuneError(
      'BAD_INPUT',
      `No prompt has at most ${config.maxPromptTokens} tokens. Raise maxPromptTokens.`,
    );
  }
  const valueHead = createScalarHead({
    name: 'value',
    hiddenSize: trunk.config.hiddenSize,
    init: 'zero',
    layerNorm: true,
    rng: new Rng(config.seed),
  });
  const variables = new Map([...policy.variables, ...valueHead.variables]);
  const optimiser = new AdamW({ epsilon: config.adamEpsilon });
  const saved = await checkpoints?.read();
  if (!saved) {
    const state: PpoState = {
      iteration: 0,
      epoch: 0,
      minibatch: 0,
      sums: NO_UPDATE,
      klCoefficient: config.klCoefficient,
      prices: Object.fromEntries(input.constraints.map(({ name, price }) => [name, price])),
      alarms: NO_ALARMS,
      best: { iteration: 0, objective: -Number.MAX_VALUE, score: 0, kl: 0 },
      verdict: null,
    };
    return {
      input,
      state,
      valueHead,
      optimiser,
      variables,
      experience: null,
      best: packVariables('best', policy.variables),
    };
  }
  unpackVariables('now', variables, saved.tensors);
  unpackOptimiser(optimiser, variables, saved.tensors);
  const best = new Map([...saved.tensors].filter(([name]) => name.startsWith('best.')));
  return {
    input,
    state: saved.state,
    valueHead,
    optimiser,
    variables,
    experience: unpackExperience(saved.tensors),
    best,
  };
}

async function save({ input, state, optimiser, variables, experience, best }: Run): Promise<void> {
  if (!input.checkpoints) return;
  const tensors: NamedTensors = new Map([
    ...packVariables('now', variables),
    ...packOptimiser(optimiser),
    ...best,
    ...(experience ? packExperience(experience) : []),
  ]);
  await input.checkpoints.write({ state, tensors });
}

/** Steps 1 to 4: experience of the policy as it is, judged before anything is learnt from it. */
async function gather(run: Run): Promise<void> {
  const { input, state, valueHead } = run;
  const { config, policy } = input;
  input.signal.throwIfAborted();
  // 1. Sample answers of the current policy.
  const adapterId = await input.publish(policy.toAdapter(), state.iteration);
  const prompts = promptsOf(input, state.iteration);
  const seeds = prompts.map((_, row) => hash32(config.seed, state.iteration * 65_536 + row));
  // 2. Score them; recompute log-probs of policy and reference, and values.
  const sources = { ...input, prices: new Map(Object.entries(state.prices)) };
  const request = { adapterId, prompts, seeds, signal: input.signal };
  const experience = await gatherExperience(sources, valueHead, request, (scores) => {
    if (state.iteration === 0) startValues(valueHead, scores);
  });
  if (state.iteration === 0) checkExperience(experience);

  // 3. Measure, and end the run where it went wrong or is complete.
  const { penalty, advantages } = learningSignal(experience, config, state.klCoefficient);
  const metrics = experienceMetrics(experience, {
    klCoefficient: state.klCoefficient,
    penalty,
    cap: config.maxResponseTokens,
    endIds: input.trunk.config.eosTokenIds,
  });
  const kl = klPerSequence(experience);
  const watched = watchIteration(state.alarms, {
    kl,
    meanScore: metrics['objective/scores']!,
    meanLength: metrics['response_length/mean']!,
    cap: config.maxResponseTokens,
    advantageVariance: moments(advantages).variance,
  });
  state.alarms = watched.state;
  const isOver = kl > config.klBudget;
  state.verdict =
    watched.verdict ??
    (isOver
      ? `The divergence reached ${kl.toFixed(2)} nats an answer, over the budget of ${config.klBudget}.`
      : state.iteration >= config.iterations
        ? `All ${config.iterations} iterations are done.`
        : null);

  // 4. Keep the best policy within the budget. The parent itself is kept only where nothing else qualifies.
  const objective = metrics['objective/rlhf_reward']!;
  const isFirstTrained = state.iteration > 0 && state.best.iteration === 0;
  if (!isOver && !watched.verdict && (state.iteration === 0 || isFirstTrained || objective > state.best.objective)) {
    state.best = { iteration: state.iteration, objective, score: metrics['objective/scores']!, kl };
    run.best = packVariables('best', policy.variables);
  }
  run.experience = experience;
  if (state.verdict !== null) input.onMetrics('ppo', state.iteration, metrics);
  await save(run);
}

/** Steps 5 to 8: several epochs of minibatches on one experience. */
async function update(run: Run): Promise<void> {
  const { input, state } = run;
  const { config } = input;
  const experience = run.experience!;
  // 5. Rewards per token, advantages, returns; the same after a resume, since nothing they read has changed.
  const signal = learningSignal(experience, config, state.klCoefficient);
  const perEpoch = Math.ceil(experience.answerIds.length / config.minibatch);
  while (state.epoch < config.epochs) {
    await yieldToEvents(); // native steps hold the event loop; heartbeat and cancellation go between them
    input.signal.throwIfAborted();
    const seed = hash32(config.seed + 1, state.iteration * 1024 + state.epoch);
    const order = new Rng(seed).shuffle(experience.answerIds.map((_, i) => i));
    const rows = order.slice(state.minibatch * config.minibatch, (state.minibatch + 1) * config.minibatch);
    // 6. Gradients of one minibatch; applied only if the policy has not gone too far from the experience already.
    const isFirst = state.iteration === 0 && state.sums.steps === 0;
    const sums = stepOnMinibatch({ ...run, ...input }, experience, signal, rows, isFirst);
    state.sums = addSums(state.sums, sums);
    state.minibatch++;
    if (state.minibatch === perEpoch) {
      state.epoch++;
      state.minibatch = 0;
    }
    if (sums.rejected) break;
    if (state.sums.steps % config.checkpointEverySteps === 0 && state.epoch < config.epochs) await save(run);
  }
  // 7. Controllers: the price of divergence, the prices of constraints.
  const metrics: Metrics = {
    ...experienceMetrics(experience, {
      klCoefficient: state.klCoefficient,
      penalty: signal.penalty,
      cap: config.maxResponseTokens,
      endIds: input.trunk.config.eosTokenIds,
    }),
    ...updateMetrics(state.sums),
    'ppo/val/var_explained': explainedVariance(experience.values, signal.returns),
    lr: config.learningRate,
    episode: (state.iteration + 1) * config.sequences,
  };
  for (const [name, price] of Object.entries(state.prices)) metrics[`price/${name}`] = price;
  if (config.adaptiveKl) {
    const kl = klPerSequence(experience);
    state.klCoefficient = adaptKlCoefficient(state.klCoefficient, kl, experience.scores.length, config.adaptiveKl);
  }
  for (const { name, adaptive } of input.constraints) {
    if (adaptive) state.prices[name] = nextPrice(state.prices[name]!, metrics[`costs/${name}`]!, adaptive);
  }
  // 8. On to the next experience.
  input.onMetrics('ppo', state.iteration, metrics);
  Object.assign(state, { iteration: state.iteration + 1, epoch: 0, minibatch: 0, sums: NO_UPDATE });
  run.experience = null;
  await save(run);
}

/** Zero weights and the mean of the first scores: the value of every state before anything is known. */
function startValues(valueHead: ScalarHead, scores: Float32Array): void {
  const mean = moments([scores]).mean;
  tf.tidy(() => valueHead.variables.get('value.bias')!.assign(tf.scalar(mean)));
}

function checkExperience({ logprobs, referenceLogprobs, entropy }: Experience): void {
  const differences = logprobs.flatMap((row, i) => Array.from(row, (x, t) => Math.abs(x - referenceLogprobs[i]![t]!)));
  const largestKl = differences.reduce((a, b) => Math.max(a, b), 0);
  checkStart({ largestKl, largestRatioError: 0, entropy: moments(entropy).mean });
}

const usablePrompts = ({ prompts, config }: PpoInput) => prompts.filter((ids) => ids.length <= config.maxPromptTokens);

/** The next prompts: pass after pass over all of them, each pass in an order of its own. A function of the iteration alone. */
function promptsOf(input: PpoInput, iteration: number): Int32Array[] {
  const usable = usablePrompts(input);
  const { sequences, seed } = input.config;
  const orders = new Map<number, Int32Array[]>();
  return Array.from({ length: sequences }, (_, row) => {
    const index = iteration * sequences + row;
    const pass = Math.floor(index / usable.length);
    if (!orders.has(pass)) orders.set(pass, new Rng(hash32(seed + 2, pass)).shuffle(usable));
    return orders.get(pass)![index % usable.length]!;
  });
}
