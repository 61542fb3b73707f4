// Takes the fingerprint of a candidate: what the trainer says that its adapter and its parent's change about the probes.
import { type Fingerprint, PROBE_TEXTS } from '@/core/artifact/fingerprint';
import { endOfTurn } from '@/core/base/end-of-turn';
import { Rng } from '@/core/rng';
import { loraFromAdapter } from '@/trainer/model/lora';
import type { Lora } from '@/trainer/model/types';
import type { Run } from '@/trainer/runs/context';
import { scoreCompletions } from '@/trainer/sampling/completion-logprobs';

type Source = Pick<Run, 'base' | 'backbone' | 'policy' | 'parent'> & {
  policyConfig: Pick<Run['policyConfig'], 'seed' | 'microBatchTokens'>;
};

export function takeFingerprint({ base, backbone, policy, parent, policyConfig }: Source): Fingerprint {
  const probes = PROBE_TEXTS.map(([content, answer]) => ({
    promptIds: base.renderPrompt([{ role: 'user', content }]),
    completionIds: [...base.tokenizer.encode(answer), endOfTurn(base)],
  }));
  const completions = probes.map(({ promptIds, completionIds }) => ({
    promptIds: Int32Array.from(promptIds),
    completionIds: Int32Array.from(completionIds),
  }));
  const logprobs = (lora: Lora | null) =>
    scoreCompletions(backbone, lora, completions, policyConfig.microBatchTokens).logprobs.flatMap((row) =>
      Array.from(row),
    );
  const bare = logprobs(null);
  const effectOf = (lora: Lora | null) => logprobs(lora).map((x, i) => x - bare[i]!);
  const before = parent && loraFromAdapter(backbone.config, parent, new Rng(policyConfig.seed));
  try {
    return { probes, effect: effectOf(policy), parentEffect: before ? effectOf(before) : bare.map(() => 0) };
  } finally {
    before?.dispose();
  }
}
