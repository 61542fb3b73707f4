// The policy stage: improves the policy by the run's algorithm, under the run's constraints.
import { directoryCheckpoints } from '../checkpoint';
import type { Constraint } from '../constraint';
import { loggedAnswers, promptsOf } from '../examples';
import { trialsOf } from '../gates/trial';
import type { Run } from '../open-run';
import { optimisePolicy, type PolicyState } from '../optimise-policy';
import type { Metrics } from '../ppo-metrics';
import { preferencesOf, shownAnswers } from '../preference-examples';
import type { RewardModel } from '../reward-scorer';
import { stageProgress } from '../run-home';
import type { Snapshot } from '../snapshot';
import type { Trained } from './version';

/** Without an algorithm, what the stages before have made is the candidate. */
export async function improvePolicy(run: Run, snapshot: Snapshot, reward: RewardModel | null): Promise<Trained> {
  const { sink, policyConfig: config, trunk, policy, reference, base, constraints } = run;
  if (reward === null) return { adapter: policy.toAdapter(), verdict: 'Imitation is done.' };
  const engine = await run.engine();
  const report = stageProgress(sink, 'ppo');
  const rounds = 'iterations' in config ? config.iterations : config.epochs;
  const result = await optimisePolicy({
    trunk,
    policy,
    reference,
    reward,
    constraints,
    engine,
    config,
    decode: (ids) => base.tokenizer.decode(ids),
    prompts: promptsOf(snapshot.rows, 'train', config.maxPromptTokens),
    ...preferencesOf(snapshot.rows),
    demonstrations: shownAnswers(snapshot.rows),
    stored: loggedAnswers(snapshot.rows),
    publish: (adapter) => engine.serve('policy', adapter),
    tryOut: trialsOf(run, snapshot),
    signal: sink.signal,
    onMetrics(stage, iteration, metrics) {
      sink.metrics(stage, iteration, { ...metrics, ...chargedFor(constraints, metrics) });
      report((iteration + 1) / (rounds + 1));
    },
    checkpoints: directoryCheckpoints<PolicyState>(run.home.folder, 'ppo'),
  });
  await sink.flush();
  return result;
}

/** Hits an answer by rule, and the points of score that they took off a mean answer. */
function chargedFor(constraints: readonly Constraint[], metrics: Metrics): Metrics {
  const rates = constraints.map(({ name }) => [`constraint/${name}/rate`, metrics[`costs/${name}`] ?? 0] as const);
  const penalty = constraints.reduce((sum, { price }, i) => sum + price * rates[i]![1], 0);
  return { ...Object.fromEntries(rates), 'reward/penalty': penalty };
}
