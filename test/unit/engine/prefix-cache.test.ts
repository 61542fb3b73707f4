// What the prefix cache promises, with caches whose values are the tokens themselves.
import { describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { BLOCK_TOKENS, PrefixCache } from '@/engine/cache/prefix-cache';

const BLOCK_BYTES = BLOCK_TOKENS * 4; // one value per token
const makeCache = (blocks: number) => new PrefixCache({ maxBytes: blocks * BLOCK_BYTES, valuesPerToken: 1 });
const range = (length: number, first = 0) => Array.from({ length }, (_, i) => first + i);
const cacheOf = (ids: readonly number[]) => ({
  copy(start: number, count: number, into: Float32Array) {
    into.set(ids.slice(start, start + count));
    return into;
  },
});
const keep = (prefixes: PrefixCache, ids: readonly number[], versionId = 'v') =>
  prefixes.keep(versionId, ids, cacheOf(ids));
/** Returns the tokens that the blocks of a prefix hold. */
const taken = (prefixes: PrefixCache, ids: readonly number[], versionId = 'v') => {
  const { length, blocks } = prefixes.take(versionId, ids);
  return blocks.flatMap((block) => [...block]).slice(0, length);
};

describe('PrefixCache', () => {
  it('finds the longest common prefix, even if it ends inside a block, and leaves one token to compute', () => {
    const prefixes = makeCache(8);
    keep(prefixes, range(50)); // three blocks: 48 tokens
    expect(prefixes.match('v', range(60))).toBe(48);
    expect(prefixes.match('v', [...range(37), 99, 100])).toBe(37);
    expect(prefixes.match('v', range(48))).toBe(47);
    expect(taken(prefixes, [...range(37), 99, 100])).toEqual(range(37));
  });

  it('takes the branch that continues as the tokens do', () => {
    const prefixes = makeCache(8);
    const [one, other] = [
      [...range(20), ...range(28, 100)],
      [...range(20), ...range(28, 200)],
    ];
    keep(prefixes, one);
    keep(prefixes, other);
    // The blocks are 0-15 once, then 16-31 and 32-47 of each branch.
    expect(prefixes.status.keptTokens).toBe(5 * BLOCK_TOKENS);
    expect(taken(prefixes, [...other, 7])).toEqual(other);
    expect(taken(prefixes, [...one, 7])).toEqual(one);
  });

  it('does not take a prefix shorter than 16 tokens', () => {
    const prefixes = makeCache(4);
    keep(prefixes, range(32));
    expect(prefixes.match('v', [...range(15), 99, 98])).toBe(0);
    expect(prefixes.match('v', [...range(16), 99, 98])).toBe(16);
    expect(prefixes.match('v', range(16))).toBe(0); // 15, because the last token is left to compute
  });

  it('keeps versions separate, and forgets one when told', () => {
    const prefixes = makeCache(4);
    keep(prefixes, range(32), 'a');
    expect(prefixes.match('b', range(40))).toBe(0);
    keep(prefixes, range(32), 'b');
    prefixes.drop('a');
    expect(prefixes.match('a', range(40))).toBe(0);
    expect(prefixes.match('b', range(40))).toBe(32);
    expect(prefixes.status).toMatchObject({ keptTokens: 32, keptBytes: 2 * BLOCK_BYTES });
  });

  it('evicts the least recently used blocks, ends before beginnings', () => {
    const prefixes = makeCache(4);
    keep(prefixes, range(32, 0)); // A: 2 blocks
    keep(prefixes, range(32, 100)); // B: 2 blocks
    expect(taken(prefixes, range(40, 0))).toHaveLength(32); // A is now younger than B
    keep(prefixes, range(16, 200)); // C replaces B's second block
    expect([0, 100, 200].map((first) => prefixes.match('v', range(40, first)))).toEqual([32, 16, 16]);
    keep(prefixes, range(16, 300)); // D replaces B's first
    expect([0, 100, 200, 300].map((first) => prefixes.match('v', range(40, first)))).toEqual([32, 0, 16, 16]);
  });

  it('keeps the beginning of a sequence that is longer than its memory, and nothing without memory', () => {
    const small = makeCache(2);
    keep(small, range(100));
    expect(small.match('v', range(100))).toBe(32);
    const none = makeCache(0);
    keep(none, range(100));
    expect(none.match('v', range(100))).toBe(0);
  });

  it('stays within its memory and returns only what was kept, over 3000 random requests', () => {
    const prefixes = makeCache(20);
    const rng = new Rng(5);
    const draw = (n: number) => Math.floor(rng.uniform() * n);
    let hits = 0;
    for (let i = 0; i < 3000; i++) {
      // Few tokens and few beginnings, so that prompts share prefixes of any length.
      const ids = [...range(draw(40), 100 * draw(3)), ...range(draw(60), 1000 * draw(5))];
      const version = `v${draw(2)}`;
      if (draw(40) === 0) prefixes.drop(version);
      const found = taken(prefixes, ids, version);
      if (found.length > 0) hits++;
      expect(found).toEqual(ids.slice(0, found.length));
      expect(found.length).toBeLessThan(Math.max(1, ids.length));
      keep(prefixes, ids, version);
      const kept = Math.min(Math.floor(ids.length / BLOCK_TOKENS) * BLOCK_TOKENS, ids.length - 1);
      expect(prefixes.match(version, ids)).toBeGreaterThanOrEqual(kept < BLOCK_TOKENS ? 0 : kept);
      expect(prefixes.status.keptBytes).toBeLessThanOrEqual(20 * BLOCK_BYTES);
    }
    expect(hits).toBeGreaterThan(1000);
    expect(prefixes.status.hits).toBe(hits);
  });
});
