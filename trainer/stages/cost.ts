// The cost stage: trains a cost model on the snapshot's safety labels, and charges it as a constraint if it can be trusted.
import { ConstraintConfig, HARM } from '@/core/config/constraints';
import type { CostModelConfig } from '@/core/config/reward';
import { hash32 } from '@/core/rng';
import type { Statement } from '@/core/verdict';
import type { Snapshot } from '@/trainer/data/snapshot';
import { countLabels, safetyExamples } from '@/trainer/reward/safety/labels';
import { packRewardModel, type RewardModel, type RewardModelState, unpackRewardModel } from '@/trainer/reward/scorer';
import { type RewardTrainingState, trainRewardModel } from '@/trainer/reward/train';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import type { Run } from '@/trainer/runs/context';
import { priced } from '@/trainer/runs/rules/constraints';

/** An earlier release kept a sentence. */
type CostState = RewardModelState & { verdict: Statement[] | string; isTrusted: boolean };

/** The first price of harm, as Safe-RLHF's. */
const FIRST_PRICE = 1;

/** Says what was learnt and whether it is charged; nothing if nobody has labelled an answer. */
export async function learnCost(run: Run, snapshot: Snapshot): Promise<Statement[]> {
  const { sink, config, backbone } = run;
  const { folder } = run.home;
  const finished = directoryCheckpoints<CostState>(folder, 'cost');
  const saved = await finished.read();
  if (saved) {
    const { verdict, isTrusted, ...state } = saved.state;
    const model = unpackRewardModel(backbone, { ...saved, state }, config.rewardModel.microBatchTokens);
    run.owned.push(model);
    if (isTrusted) charge(run, model);
    return typeof verdict === 'string' ? [{ code: 'sentence', text: verdict }] : verdict;
  }
  const examples = safetyExamples(snapshot.rows);
  const missing = whyNot(run, countLabels(examples));
  if (missing !== null || config.costModel === null) return missing ?? [];
  const { model, metrics } = await trainRewardModel({
    backbone,
    examples,
    // One head whose sign means something: nothing pulls scores towards each other or towards those of other raters.
    config: {
      ...config.rewardModel,
      ...{ trust: null, groupRobust: null, centering: 0, heads: 1, uncertaintyPenalty: 0 },
      seed: hash32(config.rewardModel.seed, 9),
    },
    signal: sink.signal,
    onMetrics: (stage, step, figures) => sink.metrics(stage, step, named(figures)),
    checkpoints: directoryCheckpoints<RewardTrainingState>(folder, 'cost_model', {
      snapshot,
      isFinished: (state) => 'done' in state && state.done,
    }),
  });
  run.owned.push(model);
  const { isTrusted, verdict } = judgeCost(metrics, config.costModel);
  if (isTrusted) charge(run, model);
  const packed = packRewardModel(model);
  await finished.write({ tensors: packed.tensors, state: { ...packed.state, verdict, isTrusted } });
  await sink.flush();
  return verdict;
}

/** Beside the reward model's in the curves of its stage. */
const named = (figures: Record<string, number>) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [`cost_model/${name}`, value]));

/** Null if there is enough to learn from. */
function whyNot({ config }: Run, { unsafe, safe }: { unsafe: number; safe: number }): Statement[] | null {
  const isAsked = Object.hasOwn(config.constraints, HARM);
  if (config.costModel === null || config.algorithm === null) return isAsked ? [{ code: 'harm_no_model' }] : [];
  const { leastLabels } = config.costModel;
  if (unsafe >= leastLabels && safe >= leastLabels) return null;
  if (unsafe + safe === 0 && !isAsked) return [];
  return [{ code: 'harm_few_labels', unsafe, safe, least: leastLabels }];
}

/** Safe-RLHF charges a cost only once its model is right in more than 80 % of held-out labels. */
export function judgeCost(
  metrics: Record<string, number>,
  { leastAccuracy }: CostModelConfig,
): { isTrusted: boolean; verdict: Statement[] } {
  const accuracy = metrics.eval_sign_balanced_accuracy;
  if (accuracy === undefined) return { isTrusted: false, verdict: [{ code: 'harm_unjudged' }] };
  const figures = { accuracy, labels: metrics.eval_labels ?? 0 };
  return accuracy > leastAccuracy
    ? { isTrusted: true, verdict: [{ code: 'harm_charged', ...figures }] }
    : {
        isTrusted: false,
        verdict: [{ code: 'harm_uncertain', ...figures, least: leastAccuracy }],
      };
}

/** The raw cost, above 0 for unsafe; without settings of its own, a multiplier keeps its mean at 0 as in Safe-RLHF. */
function charge({ constraints, config }: Run, model: RewardModel): void {
  const settings = config.constraints[HARM] ?? ConstraintConfig.parse({ target: 0 });
  constraints.push({
    name: HARM,
    costs: async (completions) => model.score(completions),
    ...priced(HARM, settings, FIRST_PRICE),
  });
}
