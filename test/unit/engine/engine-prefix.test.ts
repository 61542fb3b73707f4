// The engine reuses the prompts that it has read, over a runner whose keys and values are the tokens themselves.
import { describe, expect, it } from 'vitest';
import { type CountingRunner, letter, makeEngine, type TokenCache, tokenAt } from './counting-engine';

describe('an engine with prompts that begin with the same tokens', () => {
  const long = (last: number, length = 40) => [...Array.from({ length: length - 1 }, (_, i) => (i % 7) + 1), last];
  /** How many tokens the first run of a request read. */
  const readBy = ({ runs }: CountingRunner, seed: number) =>
    runs.flatMap(({ rows }) => rows).find(({ sampling }) => sampling.seed === seed)!.tokens.length;

  it('reads only what is new after a running answer of its version, or after an ended one’s whole blocks', async () => {
    const { start, drain, engine, runner } = makeEngine();
    start('a', { seed: 1, maxTokens: 20 }, { promptIds: long(10) });
    await engine.tick();
    await new Promise((resolve) => setImmediate(resolve));
    await engine.tick();
    start('b', { seed: 2, maxTokens: 3 }, { promptIds: long(11) });
    await drain();
    // Of a's 40 tokens, two whole blocks are kept, so b reads 8.
    expect([readBy(runner, 1), readBy(runner, 2)]).toEqual([40, 8]);
    const answered = [...long(10), ...Array.from({ length: 20 }, (_, i) => tokenAt(1, i))].slice(0, 59);
    const turn = start('c', { seed: 3, maxTokens: 4 }, { promptIds: [...answered, 30 - 1] });
    await drain();
    // The cache held 59 of 60 tokens, of which 48 are kept: 60 - 48 = 12.
    expect(readBy(runner, 3)).toBe(12);
    expect(turn.last()).toMatchObject({ reason: 'length', promptTokens: 60, completionTokens: 4 });
    expect(turn.text()).toBe([0, 1, 2, 3].map((i) => letter(tokenAt(3, i))).join(''));
    expect(engine.status().prefixes).toMatchObject({ hits: 2, savedTokens: 32 + 48 });
    expect(runner.live).toBe(0);
  });

  it('lets a repeatable request read its whole prompt, and keeps that prompt for others', async () => {
    const { start, drain, runner } = makeEngine();
    start('a', { seed: 1, maxTokens: 2 }, { promptIds: long(10) });
    await drain();
    start('b', { seed: 2, maxTokens: 2 }, { promptIds: long(11, 60), isRepeatable: true });
    await drain();
    start('c', { seed: 3, maxTokens: 2 }, { promptIds: long(12, 60) });
    await drain();
    expect([readBy(runner, 2), readBy(runner, 3)]).toEqual([60, 12]); // 60 - 48
  });

  it('continues after exactly the tokens with which the prompt begins', async () => {
    const { start, drain, runner } = makeEngine();
    start('a', { seed: 1 }, { promptIds: long(10) });
    await drain();
    start('b', { seed: 2 }, { promptIds: [...long(10).slice(0, 21), 25, 26, 27] });
    await drain();
    const { cache, tokens } = runner.runs.flatMap(({ rows }) => rows).find(({ sampling }) => sampling.seed === 2)!;
    expect([...tokens]).toEqual([25, 26, 27]);
    expect((cache as TokenCache).tokens.slice(0, 21)).toEqual(long(10).slice(0, 21));
  });

  it('shares nothing between versions, nor with a version that was loaded again', async () => {
    const { start, drain, engine, runner } = makeEngine();
    const ask = async (seed: number, versionId: string) => {
      start(`r${seed}`, { seed, maxTokens: 2 }, { promptIds: long(10), versionId });
      await drain();
      return readBy(runner, seed);
    };
    expect(await ask(1, 'v1')).toBe(40);
    expect(await ask(2, 'v2')).toBe(40);
    expect(await ask(3, 'base')).toBe(40);
    expect(await ask(4, 'v1')).toBe(8);
    engine.unload('v1');
    expect(await ask(5, 'v1')).toBe(40);
    expect(await ask(6, 'v2')).toBe(8);
  });

  it('is not affected by an abort in the middle of a prompt or by a failed run', async () => {
    const { start, drain, engine, runner } = makeEngine({ chunkTokens: 20, maxPrefillTokens: 20 });
    const aborted = start('a', { seed: 1 }, { promptIds: long(10, 50) });
    await new Promise((resolve) => setImmediate(resolve));
    await engine.tick(); // reads 20 of 50
    aborted.abort();
    start('b', { seed: 2, maxTokens: 2 }, { promptIds: long(11, 36) });
    await drain();
    expect(readBy(runner, 2)).toBe(20); // 36 - 16
    runner.fails = true;
    start('c', { seed: 3 }, { promptIds: long(12, 36) });
    await drain();
    runner.fails = false;
    const after = start('d', { seed: 4, maxTokens: 2 }, { promptIds: long(13, 36) });
    await drain();
    expect(after.last()).toMatchObject({ reason: 'length', completionTokens: 2 });
    expect(readBy(runner, 4)).toBe(4); // 36 - 32
    expect(runner.live).toBe(0);
  });
});
