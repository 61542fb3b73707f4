// Tries out a policy in the middle of its run: one whose answers would not pass the gates is not kept.

import { hasFailed } from '@/core/gates/state';
import { hash32 } from '@/core/rng';
import { promptsOf } from '@/trainer/data/examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import type { PolicyInput } from '@/trainer/policy/run';
import { type Run, serveAdapter } from '@/trainer/runs/context';
import type { AnswerSet } from './answers/answers';
import { judgingOf, readAnswers, sampleCompletions } from './answers/sample';
import { findingOf, judgeTrial } from './verdict';

/** Asks held-out prompts as the gates do, but with other seeds, so that a trial does not rehearse their samples. */
export function trialsOf(run: Run, snapshot: Snapshot): PolicyInput['tryOut'] {
  const { config, policyConfig, sink } = run;
  const { maxPromptTokens, maxResponseTokens: maxTokens, seed } = policyConfig;
  const prompts = promptsOf(snapshot.rows, 'heldout', maxPromptTokens);
  if (config.trialAnswers === 0 || prompts.length === 0) return undefined;
  const sampling = { count: config.trialAnswers, maxTokens, seed: hash32(seed, 6), signal: sink.signal };
  const judging = judgingOf(run);
  const measure = async (versionId: string) =>
    readAnswers(await sampleCompletions(await run.engine(), versionId, prompts, sampling), judging);
  let parent: Promise<AnswerSet> | null = null;
  return async (adapterId) => {
    parent ??= run.engine().then(async (engine) => measure(await serveAdapter(engine, 'parent', run.parent)));
    const gates = judgeTrial(await measure(adapterId), await parent);
    return {
      figures: Object.fromEntries(gates.map(({ name, value }) => [`trial/${name}`, value])),
      problems: gates.filter(hasFailed).map(findingOf),
    };
  };
}
