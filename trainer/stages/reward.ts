// The reward stage: trains the reward model on the snapshot's votes and brings it to the scale of the parent's answers.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { writeRewardArtifact } from '@/core/artifact/reward-artifact';
import { writeDurably } from '@/core/durable-file';
import { hash32 } from '@/core/rng';
import { implicitExamples, promptsOf, rewardExamples } from '@/trainer/data/examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import { reweighted } from '@/trainer/data/target-mix';
import { rewardArtifact } from '@/trainer/reward/export';
import {
  normaliseReward,
  packRewardModel,
  type RewardModel,
  type RewardModelState,
  unpackRewardModel,
} from '@/trainer/reward/scorer';
import { type RewardTrainingState, trainRewardModel } from '@/trainer/reward/train';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import { type Run, serveAdapter } from '@/trainer/runs/context';
import { stageProgress } from '@/trainer/runs/store';

export const REWARD_FOLDER = 'reward-model';

/** Null if there is nothing to learn it from and no algorithm that needs it. */
export async function learnReward(run: Run, snapshot: Snapshot): Promise<RewardModel | null> {
  const { sink, config, policyConfig, backbone } = run;
  const { folder } = run.home;
  const finished = directoryCheckpoints<RewardModelState>(folder, 'reward');
  const saved = await finished.read();
  if (saved) {
    const model = unpackRewardModel(backbone, saved, config.rewardModel.microBatchTokens);
    run.owned.push(model);
    await keepArtifact(run, model);
    return model;
  }
  const votes = rewardExamples(snapshot.rows);
  if (votes.length === 0 && config.algorithm === null) return null;
  const { implicitWeight } = config.rewardModel;
  const all = [...votes, ...(implicitWeight ? implicitExamples(snapshot.rows, implicitWeight) : [])];
  const examples = config.targetMix ? reweighted(all, config.targetMix) : all;
  const { probe, batchExamples, epochs, evalShare, tokenBudget } = config.rewardModel;
  const passes = probe ? 1 : (1 - evalShare) * epochs; // over the feedback
  const steps = Math.max(1, Math.ceil((examples.length * passes) / batchExamples));
  const report = stageProgress(sink, 'reward_model');
  const { model, report: judged } = await trainRewardModel({
    backbone,
    examples,
    config: config.rewardModel,
    signal: sink.signal,
    onMetrics(stage, step, metrics) {
      sink.metrics(stage, step, metrics);
      const spent = tokenBudget && metrics.num_tokens ? metrics.num_tokens / tokenBudget : 0;
      report(0.9 * Math.min(1, Math.max(step / steps, spent)));
    },
    checkpoints: directoryCheckpoints<RewardTrainingState>(folder, 'reward_model', {
      snapshot,
      isFinished: (state) => 'done' in state && state.done,
    }),
  });
  run.owned.push(model);
  // Calibration, the length baseline and the figures of each group, for people to read.
  await writeDurably(path.join(folder, 'reward-report.json'), `${JSON.stringify(judged, null, 2)}\n`);
  const fresh = await sampleStart(run, promptsOf(snapshot.rows, 'train', policyConfig.maxPromptTokens));
  const { mean, deviation } = normaliseReward(model, fresh);
  sink.metrics('reward_model', steps + 1, { 'normalisation/mean': mean, 'normalisation/deviation': deviation });
  await finished.write(packRewardModel(model));
  await keepArtifact(run, model);
  await sink.flush();
  return model;
}

/** Saves it in the run's folder, in the form that onnxruntime scores with; a resumed run finds it there. */
async function keepArtifact({ home, base }: Run, model: RewardModel): Promise<void> {
  const directory = path.join(home.folder, REWARD_FOLDER);
  if (!existsSync(directory)) await writeRewardArtifact(directory, rewardArtifact(model, base));
}

async function sampleStart(run: Run, prompts: Int32Array[]) {
  const { config, policyConfig, sink } = run;
  const { maxResponseTokens: maxTokens, seed } = policyConfig;
  const engine = await run.engine();
  const versionId = await serveAdapter(engine, 'start', run.start);
  const asked = Array.from({ length: config.normalisationSamples }, (_, i) => prompts[i % prompts.length]!);
  const sampling = { temperature: 1, topK: 0, topP: 1, maxTokens } as const;
  const seeds = asked.map((_, i) => hash32(seed + 3, i));
  const samples = await engine.sample(asked, versionId, sampling, seeds, sink.signal);
  return samples.map(({ ids }, i) => ({ promptIds: asked[i]!, completionIds: Int32Array.from(ids) }));
}
