// The policy stage: improves the policy by the run's algorithm, under the run's constraints.
import type { Adapter } from '@/core/artifact/adapter';
import type { Statement } from '@/core/verdict';
import { loggedCompletions, promptsOf } from '@/trainer/data/examples';
import { preferencesOf, shownCompletions } from '@/trainer/data/preference-examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import type { Constraint } from '@/trainer/math/constraint';
import { optimisePolicy } from '@/trainer/policy/optimise';
import type { PolicyState } from '@/trainer/policy/run';
import type { RewardModel } from '@/trainer/reward/scorer';
import { directoryCheckpoints } from '@/trainer/runs/checkpoint';
import type { Run } from '@/trainer/runs/context';
import type { Metrics } from '@/trainer/runs/store';
import { stageProgress } from '@/trainer/runs/store';
import { trialsOf } from '../gates/trial';

export interface Trained {
  adapter: Adapter;
  /** How its training ended. */
  verdict: Statement[];
}

/** Without an algorithm, the candidate is the result of the earlier stages. */
export async function improvePolicy(run: Run, snapshot: Snapshot, reward: RewardModel | null): Promise<Trained> {
  const { sink, policyConfig: config, backbone, policy, reference, base, constraints } = run;
  if (reward === null) return { adapter: policy.toAdapter(), verdict: [{ code: 'imitated' }] };
  const engine = await run.engine();
  const report = stageProgress(sink, 'ppo');
  const rounds = 'iterations' in config ? config.iterations : config.epochs;
  const result = await optimisePolicy({
    backbone,
    policy,
    reference,
    reward,
    constraints,
    engine,
    config,
    decode: (ids) => base.tokenizer.decode(ids),
    prompts: promptsOf(snapshot.rows, 'train', config.maxPromptTokens),
    ...preferencesOf(snapshot.rows),
    demonstrations: shownCompletions(snapshot.rows),
    stored: loggedCompletions(snapshot.rows),
    publish: (adapter) => engine.serve('policy', adapter),
    tryOut: trialsOf(run, snapshot),
    signal: sink.signal,
    onMetrics(stage, iteration, metrics) {
      sink.metrics(stage, iteration, { ...metrics, ...chargedFor(constraints, metrics) });
      report((iteration + 1) / (rounds + 1));
    },
    checkpoints: directoryCheckpoints<PolicyState>(run.home.folder, 'ppo', {
      snapshot,
      isFinished: ({ verdict }) => verdict !== null,
    }),
  });
  await sink.flush();
  return { adapter: result.adapter, verdict: result.statements };
}

/** Mean cost of a completion by constraint, and the points of score that they deducted from it at this step's prices. */
function chargedFor(constraints: readonly Constraint[], metrics: Metrics): Metrics {
  const charged = constraints.map(({ name, price }) => {
    const rate = metrics[`costs/${name}`] ?? 0;
    return { key: `constraint/${name}/rate`, rate, points: rate * (metrics[`constraint/${name}/lambda`] ?? price) };
  });
  const penalty = charged.reduce((sum, { points }) => sum + points, 0);
  return { ...Object.fromEntries(charged.map(({ key, rate }) => [key, rate])), 'reward/penalty': penalty };
}
