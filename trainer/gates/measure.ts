// Measures a candidate for the gates: parity with the engine, distance from its reference, answers against its parent.
import { hash32, Rng } from '@/core/rng';
import { promptsOf } from '@/trainer/data/examples';
import { shownCompletions } from '@/trainer/data/preference-examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import { promptKeyOf } from '@/trainer/data/split';
import type { RewardModel } from '@/trainer/reward/scorer';
import { type Run, serveAdapter } from '@/trainer/runs/context';
import { stageProgress } from '@/trainer/runs/store';
import { scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { loraFromAdapter } from '../model/lora';
import type { Lora } from '../model/types';
import { judgingOf, measureCompletions, sampleCompletions } from './answers';
import { meanDifference, meanDivergence } from './differences';
import type { GainFigures } from './gain';
import { measureProbes } from './probes/measure';
import type { GateFigures } from './verdict';

export async function measureCandidate(
  run: Run,
  snapshot: Snapshot,
  reward: RewardModel | null,
  versionId: string,
): Promise<GateFigures> {
  const { sink, config, policyConfig, backbone } = run;
  const { signal } = sink;
  const { microBatchTokens, maxPromptTokens, maxResponseTokens: maxTokens, klBudget, seed } = policyConfig;
  const keyOf = promptKeyOf(run.base.tokenizer);
  const report = stageProgress(sink, 'parity');
  const prompts = promptsOf(snapshot.rows, 'heldout', maxPromptTokens);
  const engine = await run.engine();
  await engine.load(versionId);
  report(0.05);
  const sampling = { count: config.gateAnswers, maxTokens, seed: hash32(seed, 4), signal };
  const own = await sampleCompletions(engine, versionId, prompts, sampling);
  const parentId = await serveAdapter(engine, 'parent', run.parent);
  const parents = await sampleCompletions(engine, parentId, prompts, sampling);
  const probes = await measureProbes(run, versionId, parentId);
  report(0.4);
  const { logprobs } = scoreCompletions(backbone, run.policy, own.completions, microBatchTokens);
  const reference = scoreCompletions(backbone, run.reference, own.completions, microBatchTokens).logprobs;
  report(0.7);
  const int8 = await run.openEngine('int8');
  const served = await int8.score(versionId, own.completions, signal).finally(() => int8.close());
  const judging = judgingOf(run);
  const figures: GateFigures = {
    parity: {
      fp32: meanDifference(own.engineLogprobs, logprobs),
      int8: meanDifference(served, logprobs),
      tokens: logprobs.reduce((sum, row) => sum + row.length, 0),
    },
    kl: { perCompletion: meanDivergence(logprobs, reference), budget: klBudget },
    candidate: await measureCompletions(own, judging),
    parent: await measureCompletions(parents, judging),
    gain: reward
      ? {
          name: 'heldout_reward_gain',
          candidate: reward.score(own.completions),
          parent: reward.score(parents.completions),
          prompts: own.completions.map(({ promptIds }) => keyOf([...promptIds])),
        }
      : measureShown(run, snapshot),
    probes,
  };
  report(1);
  return figures;
}

/** Without a reward model, the gain is how much likelier each held-out demonstration has become, in nats per token. */
function measureShown(run: Run, snapshot: Snapshot): GainFigures {
  const { backbone, policy, policyConfig } = run;
  const shown = shownCompletions(snapshot.rows, 'heldout');
  const meanLogprobs = (lora: Lora | null) =>
    scoreCompletions(backbone, lora, shown, policyConfig.microBatchTokens).logprobs.map(
      (row) => row.reduce((sum, x) => sum + x, 0) / row.length,
    );
  const parent = run.parent && loraFromAdapter(backbone.config, run.parent, new Rng(policyConfig.seed));
  try {
    const keyOf = promptKeyOf(run.base.tokenizer);
    const prompts = shown.map(({ promptIds }) => keyOf([...promptIds]));
    return {
      name: 'heldout_demonstration_gain',
      candidate: meanLogprobs(policy),
      parent: meanLogprobs(parent),
      prompts,
    };
  } finally {
    parent?.dispose();
  }
}
