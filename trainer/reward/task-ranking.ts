// Orders rating tasks by what an answer would teach the reward model, in the coordinates that its probes read.
import { ProbeConfig, type RewardModelConfig } from '@/core/config/reward';
import { HIGHEST_RATING, LOWEST_RATING } from '@/core/feedback/kinds';
import { chooseTasks } from '@/core/tasks/choose';
import { fitPosterior, type Posterior, type Vote } from '@/core/tasks/posterior';
import type { TaskWeights } from '@/core/tasks/question';
import { type Tensor2D, tf } from '@/trainer/backend';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import type { Backbone } from '@/trainer/model/types';
import type { OpenTask } from '@/trainer/runs/store';
import { leadingDirections } from './leading-directions';
import { probedBlocks } from './probe-fit';
import { type KnownStates, readStates } from './probe-states';

export interface RankingInput {
  backbone: Backbone;
  config: RewardModelConfig;
  signal: AbortSignal;
  /** What the reward model has learnt from. */
  examples: readonly RewardExample[];
  tasks: readonly OpenTask[];
}

/** As in bench:tasks, whose figures are in docs/training.md. */
export const TASK_WEIGHTS: TaskWeights = { coverage: 1, disagreement: 1, trust: 1, itemVariance: 1 };
/** Directions of the states that are kept. */
const SIZE = 64;
/** The newest examples stand for all: each costs a pass through the base. */
const MOST_EXAMPLES = 1000;

/** Ids of the tasks, the one to answer first in front. */
export async function rankTasks(input: RankingInput): Promise<string[]> {
  const { backbone, config, tasks } = input;
  const examples = input.examples.slice(-MOST_EXAMPLES);
  const probe = config.probe ?? ProbeConfig.parse({});
  const source = computeCompletionStates(backbone, probedBlocks(backbone.config.layers, probe));
  const asked = tasks.map(asExample);
  const states = await readStates({ ...input, checkpoints: null, onMetrics() {} }, [...examples, ...asked], source);
  const judgements = examples.flatMap((example, i) => judgementsOf(example, states.starts[i]!));
  const items = tasks.map((task, i) => itemOf(task, states.starts[examples.length + i]!));
  const rows = project(states, source.blocks.length, [...judgements, ...items]);
  const votes = judgements.map(({ weight }, i) => ({ features: rows[i]!, weight })).filter(({ weight }) => weight > 0);
  const candidates = tasks.map(({ groups, answers }, i) => ({
    features: rows[judgements.length + i]!,
    groups,
    votes: [answers, 0] as const,
  }));
  const groupVotes = new Map<string, number>();
  for (const { groups, answers } of tasks)
    for (const group of groups) groupVotes.set(group, (groupVotes.get(group) ?? 0) + answers);
  const chosen = chooseTasks({
    candidates,
    posterior: likeliestPosterior(votes, rows[0]!.length, probe.precisions),
    targetShares: new Map(),
    groupVotes,
    totalVotes: tasks.reduce((sum, { answers }) => sum + answers, 0),
    weights: TASK_WEIGHTS,
    count: tasks.length,
  });
  return chosen.map(({ at }) => tasks[at]!.id);
}

/** The posterior of the precision with the largest evidence. */
export function likeliestPosterior(votes: readonly Vote[], size: number, precisions: readonly number[]): Posterior {
  let best: Posterior | null = null;
  let start: Float64Array | undefined;
  for (const precision of [...precisions].sort((a, b) => b - a)) {
    const posterior = fitPosterior(votes, size, precision, start);
    start = posterior.mean;
    if (!best || posterior.logEvidence > best.logEvidence) best = posterior;
  }
  return best!;
}

/** The state of `plus` minus that of `minus`; null stands for the mean of all states, 0. */
interface Difference {
  plus: number | null;
  minus: number | null;
  weight: number;
}

const asExample = ({ promptIds, completions }: OpenTask): RewardExample => ({
  kind: 'best_of',
  promptIds,
  completions,
  best: 0,
  weight: 1,
});

/** Of several completions the first two stand for the task. */
const itemOf = ({ completions }: OpenTask, start: number): Difference => ({
  plus: start,
  minus: completions.length > 1 ? start + 1 : null,
  weight: 1,
});

/**
 * An example as Bradley-Terry votes; `start` is the place of its first completion. A tie is half a vote each way, and a
 * rating shares its weight between a vote up and one down: what counts here is above all what has been judged.
 */
export function judgementsOf(example: RewardExample, start: number): Difference[] {
  const wins = (plus: number | null, minus: number | null, share = 1): Difference => ({
    plus: plus === null ? null : start + plus,
    minus: minus === null ? null : start + minus,
    weight: example.weight * share,
  });
  const scale = (share: number) => [wins(0, null, share), wins(null, 0, 1 - share)];
  switch (example.kind) {
    case 'comparison':
      return example.outcome === 'chosen' ? [wins(0, 1)] : [wins(0, 1, 0.5), wins(1, 0, 0.5)];
    case 'correction':
      return [wins(0, 1)];
    case 'best_of':
      return example.completions.flatMap((_, other) =>
        other === example.best ? [] : [wins(example.best, other, 1 / (example.completions.length - 1))],
      );
    case 'thumb':
      return scale(example.up ? 1 : 0);
    case 'rating':
      return scale((example.value - LOWEST_RATING) / (HIGHEST_RATING - LOWEST_RATING));
    default:
      return [];
  }
}

/** In the directions in which the differences are longest, all features standardised. [differences][size] */
function project(states: KnownStates, blocks: number, differences: readonly Difference[]): Float64Array[] {
  const projected = tf.tidy(() => {
    const all = tf.tensor2d(states.values, [states.completions, states.width]);
    const { mean, variance } = tf.moments(all, 0, true);
    const deviation = tf.add(tf.sqrt(variance), 1e-6);
    const features = tf.div(tf.sub(all, mean), tf.mul(deviation, Math.sqrt(blocks)));
    const side = (of: 'plus' | 'minus') => {
      const isThere = differences.map((difference) => [difference[of] === null ? 0 : 1]);
      const rows = tf.gather(
        features,
        tf.tensor1d(
          differences.map((difference) => difference[of] ?? 0),
          'int32',
        ),
      );
      return tf.mul(rows, tf.tensor2d(isThere));
    };
    const rows = tf.sub(side('plus'), side('minus')) as Tensor2D;
    return tf.matMul(rows, leadingDirections(rows, SIZE)) as Tensor2D;
  });
  const values = projected.dataSync();
  const size = projected.shape[1];
  projected.dispose();
  return differences.map((_, i) => Float64Array.from(values.subarray(i * size, (i + 1) * size)));
}
