// The gain of a run without a reward model: how much likelier held-out demonstrations have become, in nats per token.
import { Rng } from '@/core/rng';
import { shownCompletions } from '@/trainer/data/preference-examples';
import type { Snapshot } from '@/trainer/data/snapshot';
import { promptKeyOf } from '@/trainer/data/split';
import { loraFromAdapter } from '@/trainer/model/lora';
import type { Lora } from '@/trainer/model/types';
import type { Run } from '@/trainer/runs/context';
import { scoreCompletions } from '@/trainer/sampling/completion-logprobs';
import type { GainFigures } from './gain';

export function measureDemonstrations(run: Run, snapshot: Snapshot): GainFigures {
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
