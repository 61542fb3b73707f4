// Which logged answers training may use, and when.
import { expect, test } from 'vitest';
import type { StoredGeneration } from '@/trainer/data/examples';
import { screenStored, takeStored, truncateCompletion } from '@/trainer/policy/stored-experience';
import { golden } from './golden';

const plain = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 };
const generation = (changes: Partial<StoredGeneration> = {}): StoredGeneration => ({
  promptIds: Int32Array.of(2, 3),
  completionIds: Int32Array.of(5, 6, 1),
  logprobs: Float32Array.of(-1, -2, -3),
  sampling: plain,
  updatesBehind: 0,
  ...changes,
});
const limits = { maxStaleness: 2, maxPromptTokens: 4, maxResponseTokens: 4, endIds: [1] };

test('answers with truncated sampling or another temperature, and long, empty or stale ones, are refused', () => {
  const { completions, refused } = screenStored(
    [
      generation(),
      generation({ sampling: { ...plain, topK: 40 } }),
      generation({ sampling: { ...plain, topP: 0.95 } }),
      generation({ sampling: { ...plain, repetitionPenalty: 1.1 } }),
      generation({ sampling: { ...plain, temperature: 0.7 } }),
      generation({ promptIds: new Int32Array(5).fill(2) }),
      generation({ completionIds: new Int32Array(0), logprobs: new Float32Array(0) }),
      generation({ updatesBehind: 3 }),
      generation({ updatesBehind: 2 }),
    ],
    limits,
  );
  expect(refused).toEqual({ truncated_sampling: 4, too_long: 1, empty: 1, stale: 1 });
  // The answer that is furthest behind comes first, because it expires soonest.
  expect(completions.map(({ updatesBehind }) => updatesBehind)).toEqual([2, 0]);
});

test('an answer and its log-probs end with its first end token', () => {
  const { stop, inp, out, first_pad } = golden.truncate_response;
  inp.forEach((ids, i) => {
    const cut = truncateCompletion(Int32Array.from(ids), [stop]);
    expect(cut.length).toBe(first_pad[i]);
    expect([...cut]).toEqual(out[i]!.slice(0, first_pad[i]));
  });
  const long = generation({ completionIds: Int32Array.of(5, 1, 7), logprobs: Float32Array.of(-1, -2, -3) });
  const [completion] = screenStored([long], limits).completions;
  expect([...completion!.logprobs]).toEqual([-1, -2]);
});

test('each answer is used once, and one that has meanwhile fallen too far behind is skipped', () => {
  const { completions } = screenStored([generation({ updatesBehind: 2 }), generation(), generation()], limits);
  const first = takeStored(completions, 0, 1, { iteration: 0, maxStaleness: 2 });
  expect(first).toMatchObject({ cursor: 1, stale: 0 });
  const late = takeStored(completions, 0, 2, { iteration: 1, maxStaleness: 2 });
  // Two updates behind the parent plus one since make three; the others are one behind.
  expect(late).toMatchObject({ cursor: 3, stale: 1 });
  expect(late.taken.length).toBe(2);
  expect(takeStored(completions, 3, 2, { iteration: 1, maxStaleness: 2 }).taken).toEqual([]);
});

test('log-probs that do not belong to the answer are refused', () => {
  const broken = generation({ logprobs: Float32Array.of(-1) });
  expect(() => screenStored([broken], limits)).toThrow(/3 tokens has 1 log-probs/);
});
