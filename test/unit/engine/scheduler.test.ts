// What the scheduler promises, checked only in token counts.
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, isFull, type Schedulable, schedule } from '@/engine/scheduler';

interface Item extends Schedulable {
  name: string;
}
const item = (name: string, over: Partial<Schedulable> = {}): Item => {
  const hasCache = over.hasCache ?? false;
  return {
    name,
    priority: 'interactive',
    isReady: true,
    hasCache,
    pendingTokens: hasCache ? 1 : 10,
    longestTokens: 50,
    ...over,
  };
};
const limits = { ...DEFAULT_LIMITS, maxRows: 3, maxWaiting: 2, maxPrefillTokens: 100, maxCachedTokens: 1000 };
const names = (items: Item[], over = {}) => schedule(items, [], { ...limits, ...over }).rows.map((row) => row.name);
const steps = (items: Item[]) => schedule(items, [], limits).steps;

describe('schedule', () => {
  it('plans nothing without requests, or for a request whose adapter is still being read', () => {
    expect(names([])).toEqual([]);
    expect(names([item('a', { isReady: false }), item('b')])).toEqual(['b']);
  });

  it('lets new requests join the running ones, up to maxRows, in order of arrival', () => {
    expect(names([item('a', { hasCache: true }), item('b'), item('c'), item('d')])).toEqual(['a', 'b', 'c']);
  });

  it('runs interactive requests before batch ones that came earlier', () => {
    const batch = ['w', 'x', 'y'].map((name) => item(name, { priority: 'batch' }));
    expect(names([...batch, item('a')])).toEqual(['a', 'w', 'x']);
  });

  it('takes the youngest running batch request’s row for an interactive one and gives it back afterwards', () => {
    const batch = ['x', 'y', 'z'].map((name) => item(name, { priority: 'batch', hasCache: true }));
    const late = item('w', { priority: 'batch' });
    expect(names([...batch, late, item('a')])).toEqual(['a', 'x', 'y']);
    expect(names([...batch, late])).toEqual(['x', 'y', 'z']);
  });

  it('limits the prompt tokens of a tick, but lets the first in line join whatever its length', () => {
    // 60 + 40 = 100 fits; the 1 after it does not.
    const short = [item('a', { pendingTokens: 60 }), item('b', { pendingTokens: 40 }), item('c', { pendingTokens: 1 })];
    expect(names(short)).toEqual(['a', 'b']);
    expect(names([item('a', { pendingTokens: 500 }), item('b')])).toEqual(['a']);
  });

  it('does not let a short prompt overtake a long one that waits for its turn', () => {
    expect(names([item('a', { pendingTokens: 60 }), item('long', { pendingTokens: 90 }), item('c')])).toEqual(['a']);
  });

  it('reads one long prompt at a time, one chunk per tick, while other requests run', () => {
    // Chunks of 256: `a` has read some and 400 are left; `b` waits for its turn, and no request overtakes it.
    const running = item('r', { hasCache: true });
    const reading = item('a', { hasCache: true, pendingTokens: 400 });
    const waiting = [item('b', { pendingTokens: 900 }), item('c')];
    const wide = { maxRows: 8, maxPrefillTokens: 512, maxCachedTokens: 9000 };
    expect(names([running, reading, ...waiting], wide)).toEqual(['r', 'a']);
    expect(names([running, ...waiting], wide)).toEqual(['r', 'b', 'c']); // 256 + 10 <= 512
    expect(schedule([running, reading], [], limits).steps).toBe(1);
  });

  it('limits the tokens held in caches, but continues the running requests', () => {
    // 600 are held; 600 + 500 > 1000 waits. The running batch request still computes, or nothing would be freed.
    const running = item('x', { priority: 'batch', hasCache: true, longestTokens: 600 });
    expect(names([running, item('a', { longestTokens: 500 })])).toEqual(['x']);
    expect(names([item('huge', { longestTokens: 5000 })])).toEqual(['huge']);
  });

  it('reads a prompt in small chunks while other rows run, and in chunks of a whole prefill when alone', () => {
    const long = item('long', { pendingTokens: 5000 });
    const chunk = (items: Item[]) => schedule(items, [], { ...limits, chunkTokens: 40 }).chunkTokens;
    expect(chunk([item('a', { hasCache: true }), long])).toBe(40);
    expect(chunk([long])).toBe(100);
  });

  it('takes long runs if no one reads or waits, shorter ones if someone does, and one step if a prompt joins', () => {
    const running = ['a', 'b', 'c'].map((name) => item(name, { hasCache: true }));
    expect(steps(running.map((one) => ({ ...one, priority: 'batch' as const })))).toBe(8);
    expect(steps(running)).toBe(4);
    expect(steps([running[0]!])).toBe(8); // a single answer is fast enough
    expect(steps([...running, item('d')])).toBe(4);
    expect(steps([running[0]!, item('d')])).toBe(1);
  });

  it('scores one text per tick while someone waits for tokens, or else as many as fit', () => {
    const jobs = [30, 60, 20].map((totalTokens) => ({ isReady: true, totalTokens }));
    expect(schedule([item('a')], jobs, limits).scores).toEqual([jobs[0]]);
    expect(schedule([item('a', { priority: 'batch' })], jobs, limits).scores).toEqual(jobs.slice(0, 2)); // 110 > 100
    expect(schedule([], [{ isReady: false, totalTokens: 5 }, jobs[0]!], limits).scores).toEqual([jobs[0]]);
  });
});

it('the engine is full at maxRows + maxWaiting requests', () => {
  expect(isFull(4, limits)).toBe(false);
  expect(isFull(5, limits)).toBe(true);
});
