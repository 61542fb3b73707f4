// Judges a reward model on held-out feedback: loss, accuracy, length baseline, calibration, groups.

import { FEWEST_PEOPLE } from '@/core/statistics/fold';
import { feedbackLoss } from '@/trainer/math/loss/feedback';
import { personOf, type RewardExample } from '@/trainer/math/reward-examples';
import type { EnteringStates } from '@/trainer/model/entering-states';
import type { Metrics } from '@/trainer/runs/store';
import type { Evaluation } from '@/trainer/supervised/loop';
import { calibrate } from './calibration';
import { type GroupObjective, relativeLosses, sumByGroup } from './groups';
import { type GroupMetrics, lengthBaseline, measureGroups, measurePairs, scoredPairs } from './metrics';
import { groupOf } from './rows';
import { measureSigns } from './safety/signs';
import { meanOfHeads, type RewardModel } from './scorer';
import { biasesOf, lossOfEachScored, type RewardTraining, type ScoredExample, splitScores, totalWeight } from './step';

export interface RewardReport {
  /** Fitted on the held-out pairs; 1 if there are too few of them. */
  temperature: number;
  /** Worst first; groups of fewer than SMALLEST_GROUP pairs are left out, and those of few people put together. */
  groups: GroupMetrics[];
}

export const SMALLEST_GROUP = 10;

/** The model's raw scores of every completion in some feedback. */
export function scoreExamples(
  model: RewardModel,
  examples: readonly RewardExample[],
  states?: EnteringStates,
): ScoredExample[] {
  const groups = examples.map((example) => groupOf(example, model.maxTokens));
  const scores = meanOfHeads(model.headScores(groups, states));
  return splitScores(examples, scores);
}

export function evaluateRewardModel(training: RewardTraining): Evaluation<RewardReport> {
  const { model, heldOut, config, raters, signals, scales, lengthRule: rule, states } = training;
  const scored = scoreExamples(model, heldOut, states);
  const scores = scored.flatMap((example) => example.scores);
  const { loss } = feedbackLoss(heldOut, scores, {
    raters,
    signals,
    scales,
    biases: biasesOf(training),
    centering: config.centering,
    normaliser: totalWeight(heldOut),
  });
  const evaluation = judgeScores(scored, loss, rule);
  return training.objective ? judgeGroups(training, training.objective, scored, evaluation) : evaluation;
}

/** The state to keep is then the one in which the worst group loses least. */
function judgeGroups(
  training: RewardTraining,
  objective: GroupObjective,
  scored: readonly ScoredExample[],
  { loss, metrics, detail }: Evaluation<RewardReport>,
): Evaluation<RewardReport> {
  const examples = scored.map(({ example }) => example);
  const isLarge = objective.groups.map((_, g) => {
    const people = examples.flatMap((example, at) => (objective.placeOf(example) === g ? personOf(example, at) : []));
    return people.length >= SMALLEST_GROUP && new Set(people).size >= FEWEST_PEOPLE;
  });
  const losses = relativeLosses(objective, sumByGroup(objective, examples, lossOfEachScored(training, scored)));
  const judged = losses.filter(({ name }) => isLarge[objective.groups.findIndex((group) => group.name === name)]);
  const ofGroups = Object.fromEntries(judged.map(({ name, loss }) => [`group/${name}/eval_loss`, loss]));
  return {
    loss: judged.length ? Math.max(...judged.map((group) => group.loss)) : loss,
    metrics: { ...metrics, ...ofGroups },
    detail,
  };
}

/** The figures of held-out scores whose loss is known. */
export function judgeScores(scored: readonly ScoredExample[], loss: number, rule: 1 | -1): Evaluation<RewardReport> {
  const pairs = scoredPairs(scored);
  const metrics: Metrics = { eval_loss: loss, eval_examples: scored.length, ...measureSigns(scored) };
  if (pairs.length === 0) return { loss, metrics, detail: { temperature: 1, groups: [] } };
  const { accuracy, margin, ece } = measurePairs(pairs);
  const calibration = calibrate(pairs);
  const groups = measureGroups(pairs, rule, SMALLEST_GROUP);
  Object.assign(metrics, {
    eval_accuracy: accuracy,
    eval_margin: margin,
    eval_ece: ece,
    eval_length_baseline_accuracy: lengthBaseline(pairs, rule),
    ...(calibration && { eval_ece_calibrated: calibration.eceAfter, eval_temperature: calibration.temperature }),
    ...(groups.length && { eval_worst_group_accuracy: groups[0]!.accuracy }),
  });
  return { loss, metrics, detail: { temperature: calibration?.temperature ?? 1, groups } };
}
