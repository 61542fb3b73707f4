// Kept prefixes on the real graph against reading the whole prompt: same tokens and log-probabilities, bits unchanged.
import { beforeAll, describe, expect, it } from 'vitest';
import { Sampling } from '@/core/sampling';
import { AdapterStore } from '@/engine/adapters';
import { BLOCK_TOKENS, PrefixCache } from '@/engine/cache/prefix-cache';
import { Engine } from '@/engine/engine';
import type { InspectableModelRunner } from '@/engine/runner/model-runner';
import type { RunResult } from '@/engine/runner/runner';
import { DEFAULT_LIMITS } from '@/engine/scheduler';
import { randomAdapter, row } from './graph-twin';
import { expectSame, useTinyGraph } from './tiny-graph';

const tiny = useTinyGraph();
const PROMPT = Array.from({ length: 70 }, (_, i) => (i * 37 + 11) % 256);
let runner: InspectableModelRunner;
let valuesPerToken: number;

beforeAll(async () => {
  runner = await tiny.createRunner();
  const { layers, keyValueHeads, headSize } = tiny.base.weights.config;
  valuesPerToken = 2 * layers * keyValueHeads * headSize;
});

/** Adapter seeds by version name, for versions that a test has replaced. */
const seeds = new Map<string, number>();
const adapterOf = (versionId: string) =>
  randomAdapter(tiny.base.weights.config, { seed: seeds.get(versionId) ?? versionId.length, rank: 4 });
const makePrefixes = (blocks: number) =>
  new PrefixCache({ maxBytes: blocks * BLOCK_TOKENS * valuesPerToken * 4, valuesPerToken });

describe('a restored cache', () => {
  it.each([16, 21, 48, 64])('of %i tokens continues as the whole prompt does, alone and in a batch', async (length) => {
    runner.loadAdapter('a', adapterOf('a'));
    const prefixes = makePrefixes(8);
    const start = row(PROMPT, { adapterId: 'a', maxNew: 12 });
    const [whole] = await runner.run([start], 12);
    prefixes.keep('a', PROMPT, whole!.cache);
    const prompt = [...PROMPT.slice(0, length), 5, 6, 7];
    const own = row(prompt, { adapterId: 'a', maxNew: 12 });
    const [uncached] = await runner.run([own], 12);
    const restore = () => {
      const prefix = prefixes.take('a', prompt);
      expect(prefix.length).toBe(length);
      return { ...own, cache: runner.restore(prefix, prompt.length), tokens: Int32Array.of(5, 6, 7) };
    };
    expectSame((await runner.run([restore()], 12))[0]!, uncached!);
    const other = row([9, 8, 7], { maxNew: 12 });
    const [alone] = await runner.run([other], 12);
    const together = await runner.run([restore(), other, restore()], 12);
    expectSame(together[0]!, uncached!);
    expectSame(together[1]!, alone!);
    expectSame(together[2]!, uncached!);
  });

  it('is a copy: continuing from it changes no bit of the kept one', async () => {
    const prefixes = makePrefixes(8);
    const [first] = await runner.run([row(PROMPT, { maxNew: 1 })], 1);
    prefixes.keep('base', PROMPT, first!.cache);
    const bits = () =>
      prefixes.take('base', PROMPT).blocks.map((block) => Buffer.from(block.slice().buffer).toString('hex'));
    const before = bits();
    expect(before).toHaveLength(4);
    const prefix = prefixes.take('base', [...PROMPT.slice(0, 40), 1, 2]);
    const cache = runner.restore(prefix, 42);
    await runner.run([row([1, 2], { cache, maxNew: 16 }), row([3], { maxNew: 16 })], 16);
    cache.release();
    await runner.run([row(PROMPT.toReversed(), { maxNew: 8 })], 8);
    expect(bits()).toEqual(before);
  });
});

describe('an engine that keeps prefixes', () => {
  type Answer = Pick<RunResult, 'ids' | 'logprobs'>;

  function makeEngine(blocks: number) {
    const prefixes = makePrefixes(blocks);
    const adapters = new AdapterStore({
      runner,
      read: async (versionId) => ({ adapter: adapterOf(versionId) }),
      prove: async () => {},
      capacity: 3,
      onDrop: (versionId) => prefixes.drop(versionId),
    });
    const limits = { ...DEFAULT_LIMITS, maxRows: 6, chunkTokens: 32 };
    const options = { base: tiny.base, runner, adapters, prefixes, limits, maxContext: 1024, now: () => 0 };
    const engine = new Engine(options);
    let requests = 0;
    /** Resolves with the answer, which is aborted after `abortAfter` tokens. */
    const ask = (versionId: string, promptIds: number[], { abortAfter = Infinity, seed = 1 } = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const answer: Answer = { ids: [], logprobs: [] };
        const sampling = Sampling.parse({ seed, temperature: 0.8, maxTokens: 12 });
        const request = { type: 'generate' as const, requestId: `r${requests++}`, versionId, promptIds, sampling };
        const abort = engine.generate(request, (message) => {
          if (message.type === 'failed') reject(new Error(message.message));
          if (message.type === 'finished') resolve(answer);
          if (message.type !== 'tokens') return;
          answer.ids.push(...message.ids);
          answer.logprobs.push(...message.logprobs);
          if (answer.ids.length >= abortAfter) abort();
        });
        if (abortAfter === 0) abort();
      });
    const stop = new AbortController();
    void engine.run(stop.signal);
    return { engine, ask, stop: () => stop.abort() };
  }

  /** Holds three conversations of four turns on three versions at once, next to requests that are aborted. */
  async function talk({ ask }: ReturnType<typeof makeEngine>): Promise<Answer[][]> {
    const system = PROMPT.slice(0, 40);
    return Promise.all(
      ['base', 'v', 'w2'].map(async (versionId, person) => {
        const answers: Answer[] = [];
        let history = [...system, 100 + person];
        for (let turn = 0; turn < 4; turn++) {
          const prompt = [...history, 10 + turn, 20 + person, 30, 31, 32, 33, 34, 35];
          const [answer] = await Promise.all([
            ask(versionId, prompt, { seed: turn }),
            ask(versionId, [...prompt, 77], { abortAfter: turn }),
          ]);
          answers.push(answer);
          history = [...prompt, ...answer.ids];
        }
        return answers;
      }),
    );
  }

  it.each([64, 5])(
    'answers growing conversations of three versions as an engine without them does (%i blocks)',
    async (blocks) => {
      const [keeping, plain] = [makeEngine(blocks), makeEngine(0)];
      const [found, expected] = [await talk(keeping), await talk(plain)];
      for (const [person, answers] of found.entries()) {
        for (const [turn, answer] of answers.entries()) expectSame(answer, expected[person]![turn]!);
      }
      const { hits, keptBytes } = keeping.engine.status().prefixes;
      expect(hits).toBeGreaterThan(blocks > 5 ? 8 : 0);
      expect(keptBytes).toBeLessThanOrEqual(blocks * BLOCK_TOKENS * valuesPerToken * 4);
      expect(plain.engine.status().prefixes).toEqual({ hits: 0, savedTokens: 0, keptTokens: 0, keptBytes: 0 });
      keeping.stop();
      plain.stop();
    },
  );

  it('answers eight simultaneous requests with one system prompt as it does singly', async () => {
    const keeping = makeEngine(64);
    const prompts = Array.from({ length: 8 }, (_, i) => [...PROMPT.slice(0, 50), 60 + i, 3, 4]);
    const found = await Promise.all(prompts.map((prompt) => keeping.ask('v', prompt)));
    for (const [i, prompt] of prompts.entries()) {
      const plain = makeEngine(0);
      expectSame(found[i]!, await plain.ask('v', prompt));
      plain.stop();
    }
    expect(keeping.engine.status().prefixes.hits).toBeGreaterThan(0);
    keeping.stop();
  });

  it('reads the prompt again for a version that was replaced under its name', async () => {
    const keeping = makeEngine(64);
    const before = await keeping.ask('v', PROMPT);
    keeping.engine.unload('v');
    seeds.set('v', 99);
    const after = await keeping.ask('v', [...PROMPT, 1]);
    const plain = makeEngine(0);
    expectSame(after, await plain.ask('v', [...PROMPT, 1]));
    seeds.delete('v');
    expect(after.logprobs[0]).not.toBeCloseTo(before.logprobs[0]!, 2);
    for (const { stop } of [keeping, plain]) stop();
  });
});
