// A snapshot that the gates cannot judge is refused at once, with what it has and what is needed.
import { describe, expect, it } from 'vitest';
import { parseConfig } from '@/core/config/presets';
import type { SnapshotRow } from '@/core/snapshot/snapshot';
import type { UnsplitRow } from '@/trainer/data/snapshot';
import { splitAsked } from '@/trainer/data/split';
import { checkSnapshot } from '@/trainer/gates/validation';

const END = 9;
const completion = (id: number) => ({
  generationId: 'g',
  versionId: 'v',
  ids: [id, END],
  propensity: 1,
  isTruncated: false,
});
const pair = (promptIds: number[], i: number, choice: 'left' | 'tie' = 'left'): UnsplitRow => ({
  ...{ kind: 'comparison', promptIds, left: completion(i), right: completion(i + 1), choice, raterId: 'r' },
});
const shown = (promptIds: number[]): UnsplitRow => ({
  ...{ kind: 'demonstration', promptIds, answerIds: [1, END], raterId: 'r', trust: 1 },
});

/** A snapshot of the given rows plus one row per prompt, split as in the product. */
function snapshotOf(given: UnsplitRow[]) {
  const prompts = [...new Map(given.map(({ promptIds }) => [String(promptIds), promptIds])).values()];
  const rows = [...given, ...prompts.map((promptIds): UnsplitRow => ({ kind: 'prompt', promptIds }))];
  const sides = splitAsked(rows, String);
  return rows.map((row, i) => ({ ...row, split: sides[i] }) as SnapshotRow);
}

const refusal = (rows: SnapshotRow[], config: object = {}, counts: Record<string, number> = {}): string | null => {
  try {
    checkSnapshot({ rows, counts }, parseConfig({ preset: 'tiny', ...config }), [END]);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};
const pairs = (count: number, prompts: number, length = 3, choice?: 'tie') =>
  Array.from({ length: count }, (_, i) => pair(new Array(length).fill(i % prompts), i, choice));
const IMITATION = { sft: {}, algorithm: null };

describe('a snapshot', () => {
  it('of many pairs to one prompt says how many prompts are needed', () => {
    expect(refusal(snapshotOf(pairs(24, 1)))).toBe(
      '24 pairs for 1 prompt: collect votes on at least 4 prompts of at most 32 tokens. ' +
        'One in eight is held out, and a gain is judged on at least 2.',
    );
  });

  it.each([1, 2, 3])('of %i prompts is too small, of 4 it is not', (prompts) => {
    expect(refusal(snapshotOf(pairs(prompts, prompts)))).toMatch(/collect votes on at least 4 prompts/);
    expect(refusal(snapshotOf(pairs(4, 4)))).toBeNull();
  });

  it('whose prompts are all too long names the limit and its setting', () => {
    expect(refusal(snapshotOf(pairs(12, 12, 40)))).toMatch(
      /^12 pairs for 12 prompts, 12 of them over 32 tokens: collect votes on .*, or raise ppo\.maxPromptTokens\./,
    );
  });

  it('of only demonstrations has no vote for a reward model, but is enough to imitate', () => {
    const rows = snapshotOf(Array.from({ length: 8 }, (_, i) => shown([i])));
    expect(refusal(rows)).toMatch(
      /^8 demonstrations for 8 prompts, and no vote to train on: .*sft \{\} and algorithm null/,
    );
    expect(refusal(rows, IMITATION)).toBeNull();
  });

  it('without any demonstration cannot be imitated', () => {
    expect(refusal(snapshotOf(pairs(8, 8)), IMITATION)).toMatch(/no answer to imitate/);
  });

  it('whose held-out prompts have no demonstration cannot judge imitation', () => {
    const rows = snapshotOf(Array.from({ length: 8 }, (_, i) => shown([i]))).filter(
      ({ kind, split }) => kind !== 'demonstration' || split === 'train',
    );
    expect(refusal(rows, IMITATION)).toMatch(/demonstrations of 0 held-out prompts/);
  });

  it('of only ties has no preference, and of only thumbs has nothing for dpo', () => {
    expect(refusal(snapshotOf(pairs(8, 8, 3, 'tie')))).toMatch(/every vote is a tie/);
    const thumbs = Array.from({ length: 8 }, (_, i): UnsplitRow => {
      return { kind: 'thumb', promptIds: [i], answer: completion(i), up: i % 2 === 0, raterId: 'r' };
    });
    expect(refusal(snapshotOf(thumbs), { algorithm: 'dpo' })).toMatch(/no comparison for dpo/);
    expect(refusal(snapshotOf(thumbs), { algorithm: 'kto' })).toBeNull();
  });

  it('says what was left out, because that may be why too little is left', () => {
    expect(refusal(snapshotOf(pairs(1, 1)), {}, { 'left_out/same_answer': 23, 'left_out/too_long': 1 })).toMatch(
      / Left out: 23 pairs of two equal answers, 1 row too long for the base\.$/,
    );
  });

  it('settings that train nothing are refused', () => {
    expect(refusal(snapshotOf(pairs(8, 8)), { algorithm: null })).toMatch(/nothing would be trained/);
  });
});
