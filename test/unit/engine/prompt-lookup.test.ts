// Drafts from an answer's own text: what is drafted, how far, and when nothing is.
import { describe, expect, it } from 'vitest';
import { Drafter, RUN_COSTS } from '@/engine/speculation/prompt-lookup';

const verse = Array.from({ length: 12 }, (_, i) => 100 + i);
/** A drafter that has read these tokens, the last `answered` of them being the answer. */
const reader = (ids: number[], answered = 0, isGreedy = true) => {
  const drafter = new Drafter(isGreedy);
  drafter.follow(ids, ids.length - answered);
  return drafter;
};

describe('a draft', () => {
  it('continues as the same tokens did before', () => {
    const draft = reader([...verse, 7, 8, ...verse.slice(0, 5)]).draft(16);
    expect(draft.length).toBeGreaterThan(2);
    expect(draft).toEqual([...verse.slice(5), 7, 8, ...verse].slice(0, draft.length));
  });

  it('follows the latest of several occurrences', () => {
    const ids = [...verse.slice(0, 5), 1, ...verse.slice(0, 5), 2, 3, 4, 5, ...verse.slice(0, 5)];
    expect(reader(ids).draft(16)[0]).toBe(2);
  });

  it('is empty if nothing was repeated, or only a single token', () => {
    expect(reader(verse).draft(16)).toEqual([]);
    // A draft after one matching token is right in a fifth of cases: 1 + 0.2 tokens for the cost of more than 1.3.
    expect(RUN_COSTS[1]).toBeGreaterThan(1.2);
    expect(reader([...verse, 50, 100]).draft(16)).toEqual([]);
  });

  it('is no longer than asked, and empty if there is no room', () => {
    const drafter = reader([...verse, ...verse.slice(0, 6)]);
    expect(drafter.draft(2)).toEqual([106, 107]);
    expect(drafter.draft(0)).toEqual([]);
  });

  it('repeats a loop for as long as that pays', () => {
    const loop = Array.from({ length: 60 }, (_, i) => i % 4);
    expect(reader(loop).draft(99)).toEqual(Array.from({ length: RUN_COSTS.length - 1 }, (_, i) => i % 4));
  });

  it('grows while its guesses are right, and stops when they are not', () => {
    const right = Array.from({ length: 120 }, (_, i) => [1, 2, 3, 4, 5, 6][i % 6]!);
    const wrong = Array.from({ length: 120 }, (_, i) => (i % 4 < 3 ? [1, 2, 3][i % 4]! : 1000 + i)); // new after 1 2 3
    expect(reader(right, 100).draft(16).length).toBeGreaterThanOrEqual(reader(right.slice(0, 20)).draft(16).length);
    expect(reader([...wrong, 1, 2, 3], 0).draft(16).length).toBeGreaterThan(0);
    expect(reader([...wrong, 1, 2, 3], 120).draft(16)).toEqual([]);
  });

  it('is the same whether tokens come singly or together', () => {
    const ids = Array.from({ length: 80 }, (_, i) => (i * i) % 11);
    const byOne = new Drafter(false);
    for (let end = 1; end <= ids.length; end++) byOne.follow(ids.slice(0, end), 20);
    expect(byOne.draft(16)).toEqual(reader(ids, 60, false).draft(16));
  });
});
