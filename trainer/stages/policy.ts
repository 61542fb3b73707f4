// The policy stage: improves the policy against the reward under the run's constraints.
import { directoryCheckpoints } from '../checkpoint';
import type { Constraint } from '../constraint';
import { promptsOf } from '../examples';
import type { Run } from '../open-run';
import { type PpoResult, type PpoState, trainPpo } from '../ppo';
import type { Metrics } from '../ppo-metrics';
import type { RewardModel } from '../reward-scorer';
import { stageProgress } from '../run-home';
import type { Snapshot } from '../snapshot';

export async function improvePolicy(run: Run, snapshot: Snapshot, reward: RewardModel): Promise<PpoResult> {
  const { sink, config, trunk, policy, reference, base, constraints } = run;
  const engine = await run.engine();
  const report = stageProgress(sink, 'ppo');
  const result = await trainPpo({
    ...{ trunk, policy, reference, reward, constraints, engine, config: config.ppo },
    decode: (ids) => base.tokenizer.decode(ids),
    prompts: promptsOf(snapshot.rows, 'train', config.ppo.maxPromptTokens),
    publish: (adapter) => engine.serve('policy', adapter),
    signal: sink.signal,
    onMetrics(stage, iteration, metrics) {
      sink.metrics(stage, iteration, { ...metrics, ...constraintMetrics(constraints, metrics) });
      report((iteration + 1) / (config.ppo.iterations + 1));
    },
    checkpoints: directoryCheckpoints<PpoState>(run.home.folder, 'ppo'),
  });
  await sink.flush();
  return result;
}

/** Hits an answer by rule, and the points of score that they took off a mean answer. */
function constraintMetrics(constraints: readonly Constraint[], metrics: Metrics): Metrics {
  const rates = constraints.map(({ name }) => [`constraint/${name}/rate`, metrics[`costs/${name}`] ?? 0] as const);
  const penalty = constraints.reduce((sum, { price }, i) => sum + price * rates[i]![1], 0);
  return { ...Object.fromEntries(rates), 'reward/penalty': penalty };
}
