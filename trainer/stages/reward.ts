// The reward stage: trains the reward model on the snapshot's votes and brings it to the scale of the parent's answers.
import { AttuneError } from '@/core/errors';
import { hash32 } from '@/core/rng';
import { directoryCheckpoints } from '../checkpoint';
import { promptsOf, rewardExamples } from '../examples';
import { type Run, serveParent } from '../open-run';
import { type RewardTrainingState, trainRewardModel } from '../reward-model';
import {
  normaliseReward,
  packRewardModel,
  type RewardModel,
  type RewardModelState,
  unpackRewardModel,
} from '../reward-scorer';
import { stageProgress } from '../run-home';
import type { Snapshot } from '../snapshot';

export async function learnReward(run: Run, snapshot: Snapshot): Promise<RewardModel> {
  const { sink, config, trunk } = run;
  const { folder } = run.home;
  const finished = directoryCheckpoints<RewardModelState>(folder, 'reward');
  const saved = await finished.read();
  if (saved) {
    const model = unpackRewardModel(trunk, saved, config.rewardModel.microBatchTokens);
    run.owned.push(model);
    return model;
  }
  const examples = rewardExamples(snapshot.rows);
  const { batchExamples, epochs, evalShare, tokenBudget } = config.rewardModel;
  const steps = Math.max(1, Math.ceil((examples.length * (1 - evalShare)) / batchExamples) * epochs);
  const report = stageProgress(sink, 'reward_model');
  const { model } = await trainRewardModel({
    trunk,
    examples,
    config: config.rewardModel,
    signal: sink.signal,
    onMetrics(stage, step, metrics) {
      sink.metrics(stage, step, metrics);
      const spent = tokenBudget && metrics.num_tokens ? metrics.num_tokens / tokenBudget : 0;
      report(0.9 * Math.min(1, Math.max(step / steps, spent)));
    },
    checkpoints: directoryCheckpoints<RewardTrainingState>(folder, 'reward_model'),
  });
  run.owned.push(model);
  const fresh = await sampleParent(run, promptsOf(snapshot.rows, 'train', config.ppo.maxPromptTokens));
  const { mean, deviation } = normaliseReward(model, fresh);
  sink.metrics('reward_model', steps + 1, { 'normalisation/mean': mean, 'normalisation/deviation': deviation });
  await finished.write(packRewardModel(model));
  await sink.flush();
  return model;
}

async function sampleParent(run: Run, prompts: Int32Array[]) {
  const { config, sink } = run;
  if (prompts.length === 0) throw noPrompts('training', config.ppo.maxPromptTokens);
  const engine = await run.engine();
  const versionId = await serveParent(run, engine);
  const asked = Array.from({ length: config.normalisationSamples }, (_, i) => prompts[i % prompts.length]!);
  const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens: config.ppo.maxResponseTokens } as const;
  const seeds = asked.map((_, i) => hash32(config.ppo.seed + 3, i));
  const samples = await engine.sample(asked, versionId, sampling, seeds, sink.signal);
  return samples.map(({ ids }, i) => ({ promptIds: asked[i]!, answerIds: Int32Array.from(ids) }));
}

export const noPrompts = (use: string, maxPromptTokens: number) =>
  new AttuneError(
    'BAD_INPUT',
    `There is no ${use} prompt of at most ${maxPromptTokens} tokens in the snapshot. Collect more conversations.`,
  );
