// Orders rating tasks by what an answer would teach the reward model, in the coordinates that its probes read.
import { ProbeConfig, type RewardModelConfig } from '@/core/config/reward';
import { chooseTasks } from '@/core/tasks/choose';
import { fitPosterior, type Posterior, type Vote } from '@/core/tasks/posterior';
import { TASK_WEIGHTS } from '@/core/tasks/question';
import type { RewardExample } from '@/trainer/math/reward-examples';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import type { Backbone } from '@/trainer/model/types';
import { probedBlocks } from '@/trainer/reward/probe/fit';
import { readStates } from '@/trainer/reward/probe/states';
import type { OpenTask } from '@/trainer/runs/store';
import { type Difference, judgementsOf, projectDifferences } from './features';

export interface RankingInput {
  backbone: Backbone;
  config: RewardModelConfig;
  signal: AbortSignal;
  /** What the reward model has learnt from. */
  examples: readonly RewardExample[];
  tasks: readonly OpenTask[];
}

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
  const rows = projectDifferences(states, source.blocks.length, [...judgements, ...items]);
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
