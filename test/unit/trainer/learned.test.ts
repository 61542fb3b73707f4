// What a run learns from: rows on the training side, of raters who are believed.
import { expect, test } from 'vitest';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import { learnedFeedback } from '@/trainer/data/believed';

const rating = { kind: 'rating' as const, promptIds: [1], answerIds: [2], value: 3, raterId: 'a' };
const text = { kind: 'demonstration' as const, split: 'train' as const, promptIds: [1], answerIds: [2], raterId: 'a' };

test('a run learns from no held-out row, none of a rater who is not believed, and names each vote once', () => {
  const rows: SnapshotRow[] = [
    { ...rating, split: 'train', trust: 1, feedbackId: 'full' },
    { ...rating, split: 'train', trust: 0.2, feedbackId: 'little' },
    { ...rating, split: 'train', trust: -0.5, feedbackId: 'inverted' },
    { ...rating, split: 'train', trust: 0, feedbackId: 'banned' },
    { ...rating, split: 'heldout', trust: 1, feedbackId: 'held out' },
    { ...rating, split: 'train', trust: 1, value: 4, feedbackId: 'full' },
    { ...rating, split: 'train', trust: 1 },
    { kind: 'prompt', split: 'train', promptIds: [1] },
    // A text has no opposite, so that of an inverter says nothing.
    { ...text, trust: -1, feedbackId: 'text' },
  ];
  const none = { implicit: false, demonstrations: false };
  expect(learnedFeedback(rows, none)).toEqual(['full', 'little', 'inverted']);
  const written: SnapshotRow = { ...text, trust: 1, feedbackId: 'written' };
  expect(learnedFeedback([written], none)).toEqual([]);
  expect(learnedFeedback([written], { ...none, demonstrations: true })).toEqual(['written']);
});
