// Measures a candidate for the gates: parity with the engine, distance from its reference, answers against its parent.
import type { Fingerprint } from '@/core/artifact/fingerprint';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { hash32 } from '@/core/rng';
import { promptsOf } from '@/trainer/data/examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import { promptKeyOf } from '@/trainer/data/split';
import type { RewardModel } from '@/trainer/reward/scorer';
import { type Run, serveAdapter } from '@/trainer/runs/context';
import { stageProgress } from '@/trainer/runs/store';
import { type Completion, scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import { judgingOf, readAnswers, sampleCompletions } from './answers/sample';
import { meanDifference, meanDivergence } from './engine/differences';
import { takeFingerprint } from './engine/fingerprint';
import { measureProbes } from './probes/measure';
import { measureDemonstrations } from './reward/demonstrations';
import { measureReward } from './reward/measure';
import type { GateFigures } from './verdict';

export async function measureCandidate(
  run: Run,
  snapshot: Snapshot,
  reward: RewardModel | null,
  versionId: string,
): Promise<GateFigures> {
  const { sink, config, policyConfig, backbone } = run;
  const { microBatchTokens, maxPromptTokens, maxResponseTokens: maxTokens, klBudget, seed } = policyConfig;
  const report = stageProgress(sink, 'parity');
  const prompts = promptsOf(snapshot.rows, 'heldout', maxPromptTokens);
  const engine = await run.engine();
  await engine.load(versionId);
  report(0.05);
  const sampling = { count: config.gateAnswers, maxTokens, seed: hash32(seed, 4), signal: sink.signal };
  const own = await sampleCompletions(engine, versionId, prompts, sampling);
  const parentId = await serveAdapter(engine, 'parent', run.parent);
  const parents = await sampleCompletions(engine, parentId, prompts, sampling);
  report(0.2);
  const { probes, flattery } = await measureProbes(run, versionId, parentId);
  report(0.5);
  const { logprobs } = scoreCompletions(backbone, run.policy, own.completions, microBatchTokens);
  const reference = scoreCompletions(backbone, run.reference, own.completions, microBatchTokens).logprobs;
  report(0.75);
  const fingerprint = takeFingerprint(run);
  const served = await scoreAsServed(run, versionId, own.completions, fingerprint);
  const judging = judgingOf(run);
  const figures: GateFigures = {
    parity: {
      fp32: meanDifference(own.engineLogprobs, logprobs),
      int8: meanDifference(served.logprobs, logprobs),
      tokens: logprobs.reduce((sum, row) => sum + row.length, 0),
    },
    served: { fingerprint, measured: served.effect },
    kl: { perCompletion: meanDivergence(logprobs, reference), budget: klBudget },
    candidate: await readAnswers(own, judging),
    parent: await readAnswers(parents, judging),
    ...rewarded(run, snapshot, reward, own.completions, parents.completions),
    probes,
    flattery,
  };
  report(1);
  return figures;
}

function rewarded(
  run: Run,
  snapshot: Snapshot,
  reward: RewardModel | null,
  own: readonly Completion[],
  parents: readonly Completion[],
): Pick<GateFigures, 'gain' | 'reward'> {
  if (!reward) return { gain: measureDemonstrations(run, snapshot), reward: null };
  const figures = measureReward(run.base, snapshot, reward, own, parents);
  const keyOf = promptKeyOf(run.base.tokenizer);
  const prompts = own.map(({ promptIds }) => keyOf([...promptIds]));
  return { gain: { name: 'heldout_reward_gain', ...figures.scores, prompts }, reward: figures };
}

/** Log-probabilities of the answers, and the effect on the fingerprint's probes, in the precision of the serving engine. */
async function scoreAsServed(run: Run, versionId: string, own: readonly Completion[], { probes }: Fingerprint) {
  const engine = await run.openEngine('int8');
  try {
    const { signal } = run.sink;
    const fixed = probes.map(({ promptIds, completionIds }) => ({
      promptIds: Int32Array.from(promptIds),
      completionIds: Int32Array.from(completionIds),
    }));
    const logprobs = await engine.score(versionId, own, signal);
    const [adapted, bare] = [
      (await engine.score(versionId, fixed, signal)).flat(),
      (await engine.score(BASE_VERSION_ID, fixed, signal)).flat(),
    ];
    return { logprobs, effect: adapted.map((x, i) => x - bare[i]!) };
  } finally {
    await engine.close();
  }
}
