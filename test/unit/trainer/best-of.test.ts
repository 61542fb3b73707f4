// Best of N against lm-human-preferences: softmax cross-entropy over the scores of one prompt's answers.
import { test } from 'vitest';
import { bestOfLoss } from '@/trainer/math/loss/feedback';
import { expectClose, golden } from './golden';

test('the loss of picking one of four equals lm-human-preferences', () => {
  const { logits, best, loss } = golden.best_of_4;
  expectClose([bestOfLoss(logits[0]!, [{ count: 4, best, weight: 1 }], 1).loss], [loss]);
});
