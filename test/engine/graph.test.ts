// The graph on a tiny model against slower ways to the same result: plain loops, single rows, no cache, single steps.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sampling } from '@/core/sampling';
import type { InspectableModelRunner } from '@/engine/runner/model-runner';
import type { RunResult, RunRow } from '@/engine/runner/runner';
import { GREEDY, logSoftmax, plainLogits, randomAdapter, row } from './graph-twin';
import { expectClose, expectSame, PROMPTS, useTinyGraph } from './tiny-graph';

const tiny = useTinyGraph();
const SAMPLED: Sampling = { ...GREEDY, temperature: 0.9, seed: 11 };
let runner: InspectableModelRunner;

beforeAll(async () => {
  runner = await tiny.createRunner();
  runner.loadAdapter('a', randomAdapter(tiny.base.weights.config, { seed: 1, rank: 4 }));
  runner.loadAdapter('b', randomAdapter(tiny.base.weights.config, { seed: 2, rank: 8 }));
});

/** Makes `count` runs of one token each, as a scheduler without the graph's loop would. */
async function stepByStep(first: RunRow, count: number): Promise<RunResult> {
  let current = first;
  const all: RunResult = { ids: [], logprobs: [], cache: first.cache!, stopped: false };
  for (let step = 0; step < count && !all.stopped; step++) {
    const result = (await runner.run([{ ...current, maxNew: 1 }], 1))[0]!;
    all.ids.push(...result.ids);
    all.logprobs.push(...result.logprobs);
    all.stopped = result.stopped;
    current = {
      ...current,
      cache: result.cache,
      tokens: Int32Array.from(result.ids),
      position: first.position + step + 1,
      seen: [...Array.from(first.seen), ...all.ids],
    };
  }
  return all;
}

describe('trunk', () => {
  it('gives the logits of a forward pass written in plain loops, with and without an adapter', async () => {
    const adapter = randomAdapter(tiny.base.weights.config, { seed: 1, rank: 4 });
    for (const prompt of PROMPTS) {
      for (const id of [null, 'a']) {
        const positions = prompt.map((_, i) => i);
        const logits = await runner.logits(Int32Array.from(prompt), positions, id);
        expectClose(logits, plainLogits(tiny.base.weights, prompt, id ? adapter : null).flat(), 2e-4);
      }
    }
  });

  it('stays close to fp32 in int8', async () => {
    const int8 = await tiny.createRunner({ precision: 'int8' });
    for (const prompt of PROMPTS) {
      const exact = await runner.logits(Int32Array.from(prompt), [prompt.length - 1], null);
      const p = logSoftmax(exact);
      const q = logSoftmax(await int8.logits(Int32Array.from(prompt), [prompt.length - 1], null));
      expect(p.reduce((sum, value, i) => sum + Math.exp(value) * (value - q[i]!), 0)).toBeLessThan(0.01);
    }
  });

  it('leaves an adapter that targets only some projections without effect on the others', async () => {
    const partial = randomAdapter(tiny.base.weights.config, { seed: 5, targets: ['self_attn.v_proj', 'mlp.up_proj'] });
    runner.loadAdapter('partial', partial);
    const logits = await runner.logits(Int32Array.of(1, 2, 3), [2], 'partial');
    expectClose(logits, plainLogits(tiny.base.weights, [1, 2, 3], partial)[2]!, 2e-4);
    runner.unloadAdapter('partial');
  });
});

describe('batches', () => {
  it('answers prompts of different lengths in one batch as it does singly, sampled by seed', async () => {
    const rows = PROMPTS.map((prompt, i) => row(prompt, { sampling: { ...SAMPLED, seed: i } }));
    const together = await runner.run(rows, 8);
    for (const [i, own] of rows.entries()) expectSame(together[i]!, (await runner.run([own], 8))[0]!);
  });

  it('runs two adapters and the bare base in one batch as it does singly', async () => {
    const rows = PROMPTS.map((prompt, i) => row(prompt, { adapterId: [null, 'a', 'b', 'a'][i]!, sampling: SAMPLED }));
    const together = await runner.run(rows, 8);
    for (const [i, own] of rows.entries()) expectSame(together[i]!, (await runner.run([own], 8))[0]!);
    const ids = (adapterId: string | null) => runner.run([row(PROMPTS[1]!, { adapterId, maxNew: 16 })], 16);
    expect((await ids('a'))[0]!.ids).not.toEqual((await ids('b'))[0]!.ids);
  });

  it('lets sequences join and leave between runs without changing any answer', async () => {
    const alone: RunResult[][] = [];
    for (const prompt of PROMPTS) alone.push(await runner.run([row(prompt, { maxNew: 24 })], 24));
    const live = PROMPTS.map((prompt) => ({ ids: [] as number[], next: row(prompt, { maxNew: 4 }) }));
    // The rows of each round: one alone, joined by a prefill, reordered, one paused, all.
    for (const members of [[0], [0, 1], [1, 0, 2], [3, 2], [0, 1, 2, 3], [3, 1], [0, 1, 2, 3]]) {
      const results = await runner.run(
        members.map((i) => live[i]!.next),
        4,
      );
      for (const [at, i] of members.entries()) {
        live[i]!.ids.push(...results[at]!.ids);
        const { cache, ids } = results[at]!;
        live[i]!.next = row([ids.at(-1)!], { cache, maxNew: 4 });
      }
    }
    for (const [i, { ids }] of live.entries()) expect(ids).toEqual(alone[i]![0]!.ids.slice(0, ids.length));
  });

  it("gives a finished sequence's place to the next, or leaves it empty, without changing any answer", async () => {
    const prompts = [...PROMPTS, ...PROMPTS.map((prompt) => [...prompt, 7])]; // seven leave one place empty
    const alone: number[][] = [];
    for (const [i, prompt] of prompts.entries()) {
      alone.push((await runner.run([row(prompt, { adapterId: i % 2 ? 'a' : null, maxNew: 12 })], 12))[0]!.ids);
    }
    const start = (i: number) => row(prompts[i]!, { adapterId: i % 2 ? 'a' : null, maxNew: 4 });
    const after = (i: number, { ids, cache }: RunResult) => ({
      ...start(i),
      tokens: Int32Array.of(ids.at(-1)!),
      cache,
    });
    const first = await runner.run([0, 1, 2, 3, 4, 5, 6, 7].map(start), 4);
    first[4]!.cache.release();
    // Seven continue in a storage of eight, in another order; then a new one takes the empty place.
    const seven = [6, 0, 2, 7, 3, 5, 1];
    const second = await runner.run(
      seven.map((i) => after(i, first[i]!)),
      4,
    );
    const joined = [4];
    const third = await runner.run([...joined.map(start), ...seven.map((i, at) => after(i, second[at]!))], 4);
    for (const [at, i] of seven.entries()) {
      expect([...first[i]!.ids, ...second[at]!.ids, ...third[at + 1]!.ids]).toEqual(alone[i]);
    }
    for (const [at, i] of joined.entries()) expect(third[at]!.ids).toEqual(alone[i]!.slice(0, 4));
  });

  it('gives each row no more than its own maxNew, and stops at its own stop ids', async () => {
    const [free] = await runner.run([row(PROMPTS[0]!)], 8);
    const stopId = free!.ids[3]!;
    const rows = [
      row(PROMPTS[0]!, { stopIds: [9999, stopId] }),
      row(PROMPTS[1]!, { maxNew: 1 }),
      row(PROMPTS[3]!, { maxNew: 20 }),
    ];
    const results = await runner.run(rows, 8);
    expect(results[0]!.ids).toEqual(free!.ids.slice(0, free!.ids.indexOf(stopId) + 1));
    expect(results[0]!.stopped).toBe(true);
    expect(results.map(({ ids }) => ids.length).slice(1)).toEqual([1, 8]);
    // Every token but the last is in the cache.
    for (const [i, result] of results.entries()) {
      expect(result.cache.length).toBe(rows[i]!.tokens.length + result.ids.length - 1);
    }
  });
});

describe('the end of the context', () => {
  it('leaves a full row unchanged while the others of its batch continue', async () => {
    const full = Array.from({ length: 1020 }, (_, i) => (i * 29) % 256);
    const begin = await runner.run([row(full, { maxNew: 1 }), row(PROMPTS[0]!, { maxNew: 1 })], 1);
    const [long, short] = begin.map(({ cache, ids }) => row(ids, { cache, maxNew: 8 }));
    const results = await runner.run([{ ...long!, maxNew: 4 }, short!], 8); // 1020 + 4 = 1024, the whole context
    const alone = (await runner.run([row(PROMPTS[0]!, { maxNew: 9 })], 9))[0]!;
    expect(results[0]!.cache.length).toBe(1024);
    expect(results[1]!.ids).toEqual(alone.ids.slice(1));
    const last = row([1], { cache: results[0]!.cache, maxNew: 1 });
    await expect(runner.run([last], 1)).rejects.toThrow(/1025 tokens/);
  });
});

describe('cache', () => {
  it('continues from a cache as from the whole text', async () => {
    const prompt = Array.from({ length: 40 }, (_, i) => (i * 37) % 256);
    const whole = (await runner.run([row(prompt, { sampling: SAMPLED })], 8))[0]!;
    const head = (await runner.run([row(prompt.slice(0, 15), { maxNew: 1 })], 1))[0]!;
    const rest = (await runner.run([row(prompt.slice(15), { cache: head.cache, sampling: SAMPLED })], 8))[0]!;
    expectSame(rest, whole);
  });

  it('reads a prompt in parts next to a running answer as in one piece, and changes neither result', async () => {
    const prompt = Array.from({ length: 30 }, (_, i) => 40 + ((i * 7) % 90));
    const whole = (await runner.run([row(prompt, { adapterId: 'b', sampling: SAMPLED, maxNew: 6 })], 6))[0]!;
    const other = row(PROMPTS[1]!, { adapterId: 'a', maxNew: 12 });
    const alone = (await runner.run([other], 12))[0]!;

    let running = (await runner.run([{ ...other, maxNew: 1 }], 1))[0]!;
    const ids = [...running.ids];
    let cache: RunRow['cache'] = null;
    for (let at = 0; at < 30; at += 10) {
      const isPartial = at < 20;
      const reading = row(prompt.slice(at, at + 10), {
        cache,
        adapterId: 'b',
        sampling: SAMPLED,
        isPartial,
        maxNew: 6,
      });
      const tokens = Int32Array.of(ids.at(-1)!);
      const decoding = { ...other, cache: running.cache, tokens, position: ids.length, maxNew: 2 };
      const results = await runner.run([{ ...reading, maxNew: isPartial ? 1 : 6 }, decoding], 6);
      running = results[1]!;
      ids.push(...running.ids);
      cache = results[0]!.cache;
      if (isPartial) expect(results[0]!.ids).toEqual([]);
      else expectSame(results[0]!, whole);
    }
    expect(ids).toEqual(alone.ids.slice(0, ids.length));
    expect(ids).toHaveLength(7);
  });

  it('reads a prompt of several chunks as plain scoring does', async () => {
    const prompt = Int32Array.from({ length: 900 }, (_, i) => (i * 91 + (i % 7)) % 256); // chunks of 512 and 388
    const result = (await runner.run([row([...prompt])], 8))[0]!;
    expect(result.cache.length).toBe(907);
    const [scored] = await runner.score([
      { promptIds: prompt, completionIds: Int32Array.from(result.ids), adapterId: null },
    ]);
    expectClose(result.logprobs, scored!, 1e-4);
  });

  it('decodes eight tokens in one loop as in eight runs, penalty and adapter included', async () => {
    const settings: Sampling[] = [
      GREEDY,
      SAMPLED,
      { ...SAMPLED, topK: 20, topP: 0.8, repetitionPenalty: 1.6 },
      // Penalties under 0 encourage repetition, so that counts above one arise inside the loop.
      { ...SAMPLED, presencePenalty: -1, frequencyPenalty: -2, minP: 0.01, logitBias: { 40: 3, 41: -3 } },
    ];
    for (const sampling of settings) {
      for (const adapterId of [null, 'b']) {
        const first = row(PROMPTS[1]!, { sampling, adapterId });
        expectSame((await runner.run([first], 8))[0]!, await stepByStep(first, 8));
      }
    }
  });

  it('refuses a released cache', async () => {
    const { cache } = (await runner.run([row(PROMPTS[0]!, { maxNew: 1 })], 1))[0]!;
    cache.release();
    await expect(runner.run([row([1], { cache })], 1)).rejects.toThrow(/released/);
  });
});

describe('limits', () => {
  it.each([
    [row([1], { adapterId: 'nobody' }), /nobody/],
    [row([288]), /288/],
    [row([]), /no tokens/],
    [row(new Array<number>(1020).fill(1)), /1027/],
  ])('refuses what it cannot run, naming the value (%#)', async (bad, message) => {
    await expect(runner.run([bad], 8)).rejects.toThrow(message);
  });

  it('refuses an adapter of a higher rank or another base', () => {
    const { config } = tiny.base.weights;
    expect(() => runner.loadAdapter('wide', randomAdapter(config, { seed: 1, rank: 9 }))).toThrow(/rank 9/);
    const other = randomAdapter({ ...config, hiddenSize: 32 }, { seed: 1 });
    expect(() => runner.loadAdapter('other', other)).toThrow(/another base/);
    const broken = randomAdapter(config, { seed: 1 });
    broken.pairs.get('layers.1.mlp.up_proj')!.b[3] = Number.NaN;
    expect(() => runner.loadAdapter('broken', broken)).toThrow(/layers.1.mlp.up_proj/);
    expect(runner.hasAdapter('other') || runner.hasAdapter('broken')).toBe(false);
  });
});
