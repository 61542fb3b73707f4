// One optimiser step of the reward model: micro-batches of packed completions, a loss for each head, one update.
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { RewardModelConfig } from '@/core/config/reward';
import { uniformAt } from '@/core/rng';
import { type Tensor3D, tf } from '@/trainer/backend';
import { type FeedbackLoss, feedbackLoss, lossOfEach } from '@/trainer/math/loss/feedback';
import { packByLength } from '@/trainer/math/micro-batch';
import { completionsOf, type RewardExample, weightIn } from '@/trainer/math/reward-examples';
import type { EnteringStates } from '@/trainer/model/entering-states';
import { type AdamW, addGradients, clipByGlobalNorm, disposeGradients, learningRateAt } from '@/trainer/model/optim';
import { packCompletions } from '@/trainer/model/packing';
import { addHeadLosses } from '@/trainer/model/positions';
import type { Backbone, NamedGradients, NamedVariables } from '@/trainer/model/types';
import type { Metrics } from '@/trainer/runs/store';
import type { AdapterReader } from './adapter';
import type { Feedback } from './feedback';
import { afterBatch, type GroupObjective, groupFactor, groupMetrics, sumByGroup } from './groups';
import { measurePairs, scoredPairs } from './metrics';
import { groupOf, groupSize } from './rows';
import { meanOfHeads, type RewardModel } from './scorer';

export interface RewardTraining extends Feedback {
  backbone: Backbone;
  config: RewardModelConfig;
  model: RewardModel<AdapterReader>;
  /**
   * The model's variables, `rater.bias` if there are thumbs or implicit signals, and `group.weight`, which no gradient
   * moves, if groups are weighed: checkpoints hold all of them.
   */
  variables: NamedVariables;
  /** The groups that are weighed by their losses, if the run asks for it. */
  objective: GroupObjective | null;
  optimiser: AdamW;
  /** Known states that enter the first trained block. */
  states: EnteringStates;
  train: RewardExample[];
  heldOut: RewardExample[];
  /** Index of a training example, which seeds its bootstrap weights. */
  placeOf: ReadonlyMap<RewardExample, number>;
}

export interface ScoredExample {
  example: RewardExample;
  /** The mean over the heads, one per completion. */
  scores: number[];
}

export const totalWeight = (examples: readonly RewardExample[]) =>
  examples.reduce((sum, example) => sum + weightIn(example), 0) || 1;

export const biasesOf = ({ variables }: RewardTraining) =>
  (variables.get('rater.bias')?.dataSync() ?? new Float32Array(0)) as Float32Array;

export async function stepRewardModel(
  training: RewardTraining,
  batch: RewardExample[],
  { step, totalSteps }: { step: number; totalSteps: number },
): Promise<{ metrics: Metrics; tokens: number }> {
  const { config, variables } = training;
  const { warmupSteps, learningRate } = config;
  const { gradients, loss, scored, tokens } = await accumulate(training, batch);
  const ofGroups = training.objective ? weighGroups(training, training.objective, scored) : {};
  const schedule = { kind: 'cosine' as const, lr: 1, warmupSteps, totalSteps, finalRatio: 0.1 };
  const factor = learningRateAt(schedule, step);
  const gradNorm = clipByGlobalNorm(gradients, config.maxGradNorm);
  training.optimiser.step(variables, gradients, (name) => factor * learningRateOf(name, config));
  disposeGradients(gradients);
  const rewards = scored.flatMap(({ scores }) => scores);
  const decided = scoredPairs(scored);
  const { accuracy, margin } = measurePairs(decided);
  return {
    tokens,
    metrics: {
      loss,
      ...(decided.length ? { accuracy, margin } : {}),
      min_reward: Math.min(...rewards),
      mean_reward: rewards.reduce((a, b) => a + b, 0) / rewards.length,
      max_reward: Math.max(...rewards),
      learning_rate: factor * learningRate,
      grad_norm: gradNorm,
      ...ofGroups,
    },
  };
}

/** Raises the weights of groups that lost more than the others in this batch. */
function weighGroups(training: RewardTraining, objective: GroupObjective, scored: readonly ScoredExample[]): Metrics {
  const examples = scored.map(({ example }) => example);
  const sums = sumByGroup(objective, examples, lossOfEachScored(training, scored));
  const weight = training.variables.get('group.weight')!;
  const next = afterBatch(objective, weight.dataSync(), sums, scored.length / training.train.length);
  tf.tidy(() => weight.assign(tf.tensor1d(next)));
  return groupMetrics(objective, next, sums);
}

/** What each example loses at its scores, at a weight of 1. */
export function lossOfEachScored(training: RewardTraining, scored: readonly ScoredExample[]): Float64Array {
  const { raters, signals, scales, config } = training;
  const examples = scored.map(({ example }) => example);
  const scores = scored.flatMap((own) => own.scores);
  const { centering } = config;
  return lossOfEach(examples, scores, { raters, signals, scales, biases: biasesOf(training), centering });
}

async function accumulate(training: RewardTraining, batch: RewardExample[]) {
  const { backbone, config, raters, signals, scales, train, states } = training;
  const { lora, heads } = training.model.reader;
  const biases = biasesOf(training);
  const factorOf = factorOfGroups(training);
  // Each head's loss counts for its share, so that their sum is the mean over the ensemble.
  const normaliser = totalWeight(batch) * heads.length;
  const gradients: NamedGradients = new Map();
  const scored: ScoredExample[] = [];
  let loss = 0;
  let tokens = 0;
  const groups = batch.map((example) => groupOf(example, config.maxTokens));
  for (const part of packByLength(groups.map(groupSize), config.microBatchTokens)) {
    await yieldToEvents();
    const examples = part.map((i) => batch[i]!);
    const packed = packCompletions(part.map((i) => groups[i]!));
    const lossOf = (hidden: Tensor3D) => {
      const byHead: Float32Array[] = [];
      const parts = heads.map((head, h) => {
        let term: FeedbackLoss;
        const part = head.loss(hidden, packed.last, (scores) => {
          byHead.push(scores.slice());
          const copiesOf = bootstrap(training, h);
          const weightOf = (example: RewardExample) => copiesOf(example) * factorOf(example);
          const { centering } = config;
          term = feedbackLoss(examples, scores, { raters, signals, biases, scales, centering, normaliser, weightOf });
          return { loss: term.loss, dValues: term.gradient };
        });
        if (biases.length) part.gradients.set('rater.bias', tf.tensor1d(term!.biasGradient));
        return part;
      });
      scored.push(...splitScores(examples, meanOfHeads(byHead)));
      return addHeadLosses(parts[0]!, ...parts.slice(1));
    };
    const entering = states.of(packed.batch);
    const result = backbone.backward(packed.batch, lora, lossOf, entering);
    entering?.dispose();
    loss += result.loss;
    tokens += packed.batch.ids.reduce((sum, row) => sum + row.length, 0);
    addGradients(gradients, result.gradients);
  }
  if (biases.length) {
    const whole = totalWeight(train);
    const prior = tf.tensor1d(biases.map((bias) => (config.raterBiasRidge * bias) / whole));
    addGradients(gradients, new Map([['rater.bias', prior]]));
  }
  return { gradients, loss, scored, tokens };
}

function factorOfGroups({ objective, variables }: RewardTraining): (example: RewardExample) => number {
  return objective ? groupFactor(objective, variables.get('group.weight')!.dataSync()) : () => 1;
}

/** Gives each head of an ensemble Poisson(1) copies of each example (online bagging, Oza and Russell 2001). */
function bootstrap({ model, config, placeOf }: RewardTraining, head: number) {
  if (model.reader.heads.length === 1) return () => 1;
  return (example: RewardExample) => {
    let copies = 0;
    const uniform = uniformAt(config.seed + head, placeOf.get(example)!);
    for (let mass = Math.exp(-1), sum = mass; uniform > sum && copies < 8; sum += mass) mass /= ++copies;
    return copies;
  };
}

/** Assigns the scores of all completions, in order, to their examples. */
export function splitScores(examples: readonly RewardExample[], scores: Float32Array): ScoredExample[] {
  let next = 0;
  return examples.map((example) => ({ example, scores: completionsOf(example).map(() => scores[next++]!) }));
}

const learningRateOf = (name: string, config: RewardModelConfig) =>
  name === 'rater.bias'
    ? config.raterLearningRate
    : name.startsWith('reward.')
      ? config.headLearningRate
      : config.learningRate;
