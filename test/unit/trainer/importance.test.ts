// Importance weights for another sampler's tokens against OpenRLHF's policy losses, and their bounds.
import { expect, test } from 'vitest';
import { importanceRatios, importanceWeights } from '@/trainer/math/importance';
import { clippedPolicyLoss } from '@/trainer/math/loss/policy';
import { expectClose, golden, ragged } from './golden';

const { inputs, openrlhf } = golden;
const trainer = ragged(inputs.logprobs);
const engine = ragged(inputs.rollout_logprobs_engine);

function lossWith(mode: Parameters<typeof importanceWeights>[2]): number {
  const weights = trainer.flatMap((row, i) => [...importanceWeights(row, engine[i]!, mode, [0.5, 2])]);
  const { loss } = clippedPolicyLoss({
    logprobs: ragged(inputs.new_logprobs).flat(),
    oldLogprobs: trainer.flat(),
    weights,
    advantages: ragged(openrlhf.advantages_normed).flat(),
    clip: inputs.cliprange,
    dualClip: null,
  });
  return loss;
}

test('truncation, ICEPOP and the sequence mask give the losses of OpenRLHF', () => {
  expect(lossWith('truncate')).toBeCloseTo(openrlhf['policy_loss_tis_0.5_2'], 5);
  expect(lossWith('icepop')).toBeCloseTo(openrlhf['policy_loss_icepop_0.5_2'], 5);
  expect(lossWith('sequence-mask')).toBeCloseTo(openrlhf['policy_loss_seq-mask-tis_0.5_2'], 5);
});

test('each kind bounds a weight of e^3 and one of e^-3 in its own way', () => {
  const ratios = [Math.exp(3), 1, Math.exp(-3)];
  const [own, other] = [
    [-1, -1, -4],
    [-4, -1, -1],
  ];
  expectClose(importanceRatios(own!, other!), ratios, 1e-5);
  expectClose(importanceWeights(own!, other!, 'truncate', [0.5, 2]), [2, 1, 0.5]);
  expectClose(importanceWeights(own!, other!, 'icepop', [0.5, 2]), [0, 1, 0]);
  // The geometric mean is e^0, so the answer keeps its weights. If the last token is also at e^3, it is e^2: masked.
  expectClose(importanceWeights(own!, other!, 'sequence-mask', [0.5, 2]), ratios, 1e-5);
  expectClose(importanceWeights([-1, -1, -1], [-4, -1, -4], 'sequence-mask', [0.5, 2]), [0, 0, 0]);
});

test('log-probs for a different number of tokens are refused', () => {
  expect(() => importanceRatios([-1, -2], [-1])).toThrow(/2 log-probs of the trainer and 1 of its sampler/);
});
