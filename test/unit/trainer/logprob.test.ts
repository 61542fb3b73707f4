// Log-probabilities and entropy at a temperature, with the gradient of REINFORCE, against the published vectors.
import { test } from 'vitest';
import { type Tensor2D, type Tensor3D, tf } from '@/trainer/backend';
import { clippedPolicyLoss } from '@/trainer/math/loss/policy';
import { completionLogprobs, completionLogprobsWithGradient } from '@/trainer/model/logprobs';
import { expectClose, golden } from './golden';

const logits = golden.logprob.logits[0]!;
/** With the identity as head, the hidden states are the logits. Every token of the vocabulary is a target once. */
const head = () => ({ head: tf.eye(4) as Tensor2D });
const hidden = () => tf.tensor3d([logits.map(() => logits)], [1, 4, 4]) as Tensor3D;
const positions = { row: new Int32Array(4), position: Int32Array.of(0, 1, 2, 3), target: Int32Array.of(0, 1, 2, 3) };

test('log-softmax at temperatures 1 and 0.7, and the entropy', () => {
  tf.tidy(() => {
    const plain = completionLogprobs(head(), hidden(), positions);
    expectClose(plain.logprobs, golden.logprob.T1[0]!);
    expectClose(plain.entropy, new Array(4).fill(golden.logprob.entropy_T1[0]));
    const cooler = completionLogprobs(head(), hidden(), positions, { temperature: 0.7 });
    expectClose(cooler.logprobs, golden.logprob.T0_7[0]!);
  });
});

test('PPO’s gradient for the logits at ratio 1 is that of REINFORCE', () => {
  // For action 1 with advantage 1, d log p / d logits = one-hot - p; the loss has the opposite sign.
  const one = { row: Int32Array.of(0), position: Int32Array.of(0), target: Int32Array.of(1) };
  tf.tidy(() => {
    const { dHidden } = completionLogprobsWithGradient(head(), hidden(), one, 1, (logprobs) => {
      const loss = clippedPolicyLoss({ logprobs, oldLogprobs: logprobs, advantages: [1], clip: 0.2, dualClip: 3 });
      return { loss: loss.loss, dLogprobs: loss.gradient };
    });
    expectClose(
      [...dHidden.dataSync()].slice(0, 4).map((x) => -x),
      [-0.1749, 0.5246, -0.1749, -0.1749],
      1e-4,
    );
  });
});
