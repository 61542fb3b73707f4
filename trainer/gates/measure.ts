// Measures a candidate for the gates: parity with the engine, distance from its reference, answers beside its parent's.
import { hash32 } from '@/core/rng';
import { promptsOf } from '../examples';
import { type Run, serveParent } from '../open-run';
import { scoreResponses } from '../response';
import type { RewardModel } from '../reward-scorer';
import { stageProgress } from '../run-home';
import type { Snapshot } from '../snapshot';
import { noPrompts } from '../stages/reward';
import { measureAnswers, sampleAnswers } from './answers';
import type { GateFigures } from './gates';
import { meanDifference, meanDivergence } from './parity';

export async function measureCandidate(
  run: Run,
  snapshot: Snapshot,
  reward: RewardModel,
  versionId: string,
): Promise<GateFigures> {
  const { sink, config, base, trunk, rules } = run;
  const { signal } = sink;
  const { microBatchTokens, maxPromptTokens, maxResponseTokens: maxTokens, klBudget } = config.ppo;
  const report = stageProgress(sink, 'parity');
  const prompts = promptsOf(snapshot.rows, 'heldout', maxPromptTokens);
  if (prompts.length === 0) throw noPrompts('held-out', maxPromptTokens);
  const engine = await run.engine();
  await engine.load(versionId);
  report(0.05);
  const sampling = { count: config.gateAnswers, maxTokens, seed: hash32(config.ppo.seed, 4), signal };
  const own = await sampleAnswers(engine, versionId, prompts, sampling);
  const parents = await sampleAnswers(engine, await serveParent(run, engine), prompts, sampling);
  report(0.4);
  const { logprobs } = scoreResponses(trunk, run.policy, own.answers, microBatchTokens);
  const reference = scoreResponses(trunk, run.reference, own.answers, microBatchTokens).logprobs;
  report(0.7);
  const int8 = await run.openEngine('int8');
  const served = await int8.score(versionId, own.answers, signal).finally(() => int8.close());
  const judging = {
    reward,
    rules,
    decode: (ids: readonly number[]) => base.tokenizer.decode(ids),
    endIds: trunk.config.eosTokenIds,
  };
  const figures: GateFigures = {
    parity: {
      fp32: meanDifference(own.engineLogprobs, logprobs),
      int8: meanDifference(served, logprobs),
      tokens: logprobs.reduce((sum, row) => sum + row.length, 0),
    },
    kl: { perAnswer: meanDivergence(logprobs, reference), budget: klBudget },
    candidate: measureAnswers(own, judging),
    parent: measureAnswers(parents, judging),
    prompts: own.answers.map(({ promptIds }) => promptIds.join()),
  };
  report(1);
  return figures;
}
