// The engine's bookkeeping over a runner whose tokens are known: token i of an answer is a function of prompt, seed and i.
import { describe, expect, it } from 'vitest';
import type { Tokenizer } from '@/core/base';
import { AttuneError } from '@/core/errors';
import type { ModelConfig } from '@/core/model-config';
import { Sampling } from '@/core/sampling';
import { AdapterStore } from '@/engine/adapters';
import { Engine } from '@/engine/engine';
import { type Prefix, PrefixCache } from '@/engine/prefix-cache';
import type { EngineMessage, GenerateRequest } from '@/engine/protocol';
import type { ModelRunner, RunRow, SequenceCache } from '@/engine/runner';
import { DEFAULT_LIMITS } from '@/engine/scheduler';

const EOS = 0;
const letter = (id: number) => String.fromCharCode(96 + id); // 1 = a
/** Ids 1..26 in a cycle, from the seed on; seed 100 ends after three tokens. */
const tokenAt = (seed: number, i: number) => (seed === 100 && i === 3 ? EOS : ((seed + i) % 26) + 1);

/** Its keys and values are the tokens themselves. */
interface TokenCache extends SequenceCache {
  tokens: number[];
}

class CountingRunner implements ModelRunner {
  readonly config = { vocabSize: 30, eosTokenIds: [EOS], maxPositions: 64 } as unknown as ModelConfig;
  readonly precision = 'fp32';
  readonly runs: { rows: RunRow[]; steps: number }[] = [];
  live = 0;
  fails = false;
  loadAdapter() {}
  unloadAdapter() {}
  hasAdapter = () => true;
  async dispose() {}
  async score(rows: { completionIds: Int32Array }[]) {
    return rows.map(({ completionIds }) => Float32Array.from(completionIds, (id) => -id));
  }
  async run(rows: RunRow[], steps: number) {
    this.runs.push({ rows, steps });
    if (this.fails) throw new Error('out of memory');
    return rows.map((row) => {
      const ids: number[] = [];
      while (ids.length < Math.min(steps, row.maxNew) && ids.at(-1) !== EOS)
        ids.push(tokenAt(row.sampling.seed, row.position + ids.length));
      const cache = (row.cache as TokenCache | null) ?? this.cache([]);
      cache.tokens.push(...row.tokens, ...ids.slice(0, -1));
      return {
        ids,
        logprobs: ids.map((id) => -id),
        ...(row.topLogprobs && { top: ids.map((id) => ({ ids: [id], logprobs: [-id] })) }),
        cache,
        stopped: ids.at(-1) === EOS,
      };
    });
  }
  restore({ length, blocks }: Prefix) {
    return this.cache(blocks.flatMap((block) => [...block]).slice(0, length));
  }
  private cache(tokens: number[]): TokenCache {
    this.live++;
    return {
      tokens,
      get length() {
        return tokens.length;
      },
      copy: (start, count, into) => {
        into.set(tokens.slice(start, start + count));
        return into;
      },
      release: () => void this.live--,
    };
  }
}

const tokenizer: Tokenizer = {
  vocabSize: 30,
  encode: () => [],
  decode: (ids) => ids.map(letter).join(''),
  stream: () => ({ push: letter, end: () => '' }),
  isSpecial: (id) => id === EOS,
};

function makeEngine(limits: Partial<typeof DEFAULT_LIMITS> = {}, maxContext = 64, now = () => 0) {
  const runner = new CountingRunner();
  const read = async (versionId: string) => {
    if (versionId === 'missing') throw new AttuneError('NOT_FOUND', 'There is no version missing.');
    return { rank: 1, alpha: 1, targets: [], pairs: new Map() };
  };
  const prefixes = new PrefixCache({ maxBytes: 16 * 64, valuesPerToken: 1 }); // 16 blocks of 16 tokens
  const onDrop = (versionId: string) => prefixes.drop(versionId);
  const adapters = new AdapterStore({ runner, read, capacity: 2, onDrop });
  const base = { id: 'letters', sha256: '0', tokenizer };
  const engine = new Engine({
    base,
    runner,
    adapters,
    prefixes,
    limits: { ...DEFAULT_LIMITS, ...limits },
    maxContext,
    now,
  });
  const start = (requestId: string, sampling: Partial<Sampling>, over: Partial<GenerateRequest> = {}) => {
    const messages: EngineMessage[] = [];
    const request: GenerateRequest = {
      type: 'generate',
      requestId,
      versionId: 'base',
      promptIds: [1, 2, 3],
      sampling: Sampling.parse({ seed: 0, maxTokens: 20, ...sampling }),
      ...over,
    };
    const abort = engine.generate(request, (message) => messages.push(message));
    const text = () =>
      messages
        .flatMap((m) => (m.type === 'tokens' ? m.ids : []))
        .map(letter)
        .join('');
    return { messages, abort, text, last: () => messages.at(-1) };
  };
  const drain = async () => {
    await new Promise((resolve) => setImmediate(resolve)); // adapters arrive
    while (await engine.tick()) {}
  };
  return { engine, runner, start, drain };
}

describe('Engine', () => {
  it('gives each of many concurrent answers its own tokens, with gapless offsets, and frees every cache', async () => {
    const { start, drain, runner, engine } = makeEngine({ maxRows: 2 });
    const answers = [1, 2, 3, 4, 5].map((seed) => start(`r${seed}`, { seed, maxTokens: 3 * seed }));
    await drain();
    for (const [index, { messages, text, last }] of answers.entries()) {
      const seed = index + 1;
      expect(text()).toBe(Array.from({ length: 3 * seed }, (_, i) => letter(tokenAt(seed, i))).join(''));
      let offset = 0;
      for (const message of messages) {
        if (message.type !== 'tokens') continue;
        expect(message.offset).toBe(offset);
        offset += message.ids.length;
      }
      expect(last()).toMatchObject({ type: 'finished', reason: 'length', promptTokens: 3, completionTokens: 3 * seed });
    }
    expect(runner.live).toBe(0);
    expect(engine.status()).toMatchObject({ running: 0, waiting: 0 });
  });

  it('ends with a stop id, which it emits', async () => {
    const { start, drain } = makeEngine();
    const answer = start('r', { seed: 100 });
    await drain();
    expect(answer.text()).toBe(`${[0, 1, 2].map((i) => letter(tokenAt(100, i))).join('')}${letter(EOS)}`);
    expect(answer.last()).toMatchObject({ reason: 'stop', completionTokens: 4 });
  });

  it('ends with the token that completes a stop string and drops what the run made behind it', async () => {
    const { start, drain, runner } = makeEngine();
    const answer = start('r', { seed: 0, stop: ['zz', 'de'] });
    await drain();
    expect(answer.text()).toBe('abcde');
    expect(answer.last()).toMatchObject({ reason: 'stop', completionTokens: 5 });
    expect(runner.live).toBe(0);
  });

  it.each([0, 1, 4, 7])('goes on behind %i tokens that a former process emitted', async (count) => {
    const { start, drain, runner } = makeEngine();
    const emittedIds = Array.from({ length: count }, (_, i) => tokenAt(5, i));
    const answer = start('r', { seed: 5, maxTokens: 12 }, { emittedIds });
    await drain();
    expect(answer.messages[0]).toMatchObject({ offset: count });
    const rest = Array.from({ length: 12 - count }, (_, i) => letter(tokenAt(5, i + count)));
    expect(answer.text()).toBe(rest.join(''));
    expect(runner.runs[0]!.rows[0]).toMatchObject({
      position: count,
      tokens: Int32Array.from([1, 2, 3, ...emittedIds]),
    });
  });

  it('only says the end of an answer whose every token had been emitted', () => {
    const { start } = makeEngine();
    const ended = start('a', { seed: 0, stop: ['bc'] }, { emittedIds: [1, 2, 3] });
    expect(ended.messages).toMatchObject([{ type: 'finished', reason: 'stop', completionTokens: 3 }]);
    const full = start('b', { seed: 0, maxTokens: 2 }, { emittedIds: [1, 2] });
    expect(full.messages).toMatchObject([{ type: 'finished', reason: 'length', completionTokens: 2 }]);
  });

  it('clips the answer by the context, and refuses a prompt that leaves no room, naming both numbers', async () => {
    const { start, drain } = makeEngine({}, 10);
    const answer = start('r', { maxTokens: 20 }, { promptIds: Array(8).fill(1) });
    await drain();
    expect(answer.last()).toMatchObject({ reason: 'length', completionTokens: 2 });
    expect(() => start('s', {}, { promptIds: Array(10).fill(1) })).toThrow(/10 tokens.*10/);
  });

  it('aborts at once, running or waiting, and frees the cache', async () => {
    const { start, engine, runner, drain } = makeEngine({ maxRows: 1 });
    const running = start('a', {});
    const waiting = start('b', {});
    await new Promise((resolve) => setImmediate(resolve));
    await engine.tick();
    expect(runner.live).toBe(1);
    running.abort();
    waiting.abort();
    expect(runner.live).toBe(0);
    expect(running.last()).toMatchObject({ reason: 'aborted', completionTokens: 1 });
    expect(waiting.last()).toMatchObject({ reason: 'aborted', completionTokens: 0 });
    await drain();
    expect(runner.runs).toHaveLength(1);
    running.abort();
    expect(running.messages).toHaveLength(2);
  });

  it('refuses the request that the queue does not hold, and serves the others', async () => {
    const { start, drain } = makeEngine({ maxRows: 1, maxWaiting: 1 });
    const answers = [start('a', { maxTokens: 2 }), start('b', { maxTokens: 2 })];
    expect(() => start('c', {})).toThrow(/2 requests.*Try again/);
    await drain();
    for (const answer of answers) expect(answer.last()).toMatchObject({ reason: 'length' });
  });

  it('batches rows of different versions, and fails one whose version is not there', async () => {
    const { start, drain, runner } = makeEngine();
    start('a', {}, { versionId: 'v1' });
    start('b', {}, { versionId: 'v2' });
    start('c', {});
    const missing = start('d', {}, { versionId: 'missing' });
    await drain();
    expect(runner.runs[0]!.rows.map((row) => row.adapterId)).toEqual(['v1', 'v2', null]);
    expect(missing.messages).toMatchObject([{ type: 'failed', code: 'NOT_FOUND' }]);
  });

  it('runs single steps while a version is read and for a moment after it was loaded, then several again', async () => {
    const clock = { ms: 0 };
    const { start, engine, runner } = makeEngine({}, 64, () => clock.ms);
    start('a', { maxTokens: 40 });
    await new Promise((resolve) => setImmediate(resolve));
    await engine.tick(); // reads the prompt
    const steps = async () => {
      await engine.tick();
      return runner.runs.at(-1)!.steps;
    };
    expect(await steps()).toBe(8);
    const loaded = engine.load('v1');
    expect(await steps()).toBe(1);
    await loaded;
    clock.ms += 150;
    expect(await steps()).toBe(1);
    clock.ms += 100;
    expect(await steps()).toBe(8);
  });

  it('fails the answers of a run that throws, and serves the next', async () => {
    const { start, drain, runner, engine } = makeEngine();
    const lost = start('a', {});
    runner.fails = true;
    await drain();
    expect(lost.messages).toMatchObject([{ type: 'failed', code: 'INTERNAL', message: 'out of memory' }]);
    runner.fails = false;
    const next = start('b', { maxTokens: 2 });
    await drain();
    expect(next.last()).toMatchObject({ reason: 'length' });
    expect(engine.status()).toMatchObject({ running: 0, waiting: 0 });
  });

  it('scores beside answers, and refuses ids outside the vocabulary', async () => {
    const { engine, start, drain } = makeEngine();
    const scored: EngineMessage[] = [];
    start('a', {});
    engine.score(
      { type: 'score', requestId: 's', versionId: 'base', promptIds: [1], completionIds: [4, 5] },
      (message) => scored.push(message),
    );
    await drain();
    expect(scored).toEqual([{ type: 'scored', requestId: 's', logprobs: [-4, -5] }]);
    expect(() => start('b', {}, { promptIds: [30] })).toThrow(/30.*vocabulary/);
  });

  it('gives each row its prompt and answer so far, and all the room that its answer has left', async () => {
    const { start, drain, runner } = makeEngine();
    start('a', { repetitionPenalty: 1.2, maxTokens: 3 });
    start('b', { maxTokens: 30 });
    await drain();
    const [a, b] = runner.runs[1]!.rows;
    expect([...a!.seen]).toEqual([1, 2, 3, 1]);
    expect([...b!.seen]).toEqual([1, 2, 3, 1]);
    expect([a!.maxNew, b!.maxNew]).toEqual([2, 29]); // one came with the prompt
  });

  it('reports the likeliest tokens of each token handed out, where the request asks for them', async () => {
    const { start, drain } = makeEngine();
    // Seed 1 says b c d e: the stop string ends the answer inside of a run, and what stands behind it is cut.
    const asked = start('a', { seed: 1, maxTokens: 12, stop: [letter(tokenAt(1, 2))] }, { topLogprobs: 1 });
    const plain = start('b', { seed: 1, maxTokens: 12 });
    await drain();
    const events = asked.messages.flatMap((message) => (message.type === 'tokens' ? [message] : []));
    expect(events.flatMap(({ top }) => top!.map(({ ids }) => ids[0]))).toEqual(events.flatMap(({ ids }) => ids));
    expect(events.flatMap(({ ids }) => ids)).toHaveLength(3);
    expect(plain.messages.some((message) => 'top' in message)).toBe(false);
  });

  it('refuses a bias on a token that the vocabulary lacks', () => {
    const { start } = makeEngine();
    expect(() => start('a', { logitBias: { 30: -100 } })).toThrow(/30.*vocabulary/);
  });

  describe('with prompts that begin alike', () => {
    const long = (last: number, length = 40) => [...Array.from({ length: length - 1 }, (_, i) => (i % 7) + 1), last];
    /** The tokens that the first run of a request read. */
    const readBy = ({ runs }: CountingRunner, seed: number) =>
      runs.flatMap(({ rows }) => rows).find(({ sampling }) => sampling.seed === seed)!.tokens.length;

    it('reads what is new behind a running answer of the same version, and behind an ended one all but a last block', async () => {
      const { start, drain, engine, runner } = makeEngine();
      start('a', { seed: 1, maxTokens: 20 }, { promptIds: long(10) });
      await engine.tick();
      await new Promise((resolve) => setImmediate(resolve));
      await engine.tick();
      start('b', { seed: 2, maxTokens: 3 }, { promptIds: long(11) });
      await drain();
      // Two whole blocks of a's 40 tokens: b reads 8.
      expect([readBy(runner, 1), readBy(runner, 2)]).toEqual([40, 8]);
      const answered = [...long(10), ...Array.from({ length: 20 }, (_, i) => tokenAt(1, i))].slice(0, 59);
      const turn = start('c', { seed: 3, maxTokens: 4 }, { promptIds: [...answered, 30 - 1] });
      await drain();
      // Its cache held 59 of 60 tokens, so 48 are kept; 60 - 48.
      expect(readBy(runner, 3)).toBe(12);
      expect(turn.last()).toMatchObject({ reason: 'length', promptTokens: 60, completionTokens: 4 });
      expect(turn.text()).toBe([0, 1, 2, 3].map((i) => letter(tokenAt(3, i))).join(''));
      expect(engine.status().prefixes).toMatchObject({ hits: 2, savedTokens: 32 + 48 });
      expect(runner.live).toBe(0);
    });

    it('runs behind exactly the tokens that the prompt begins with', async () => {
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

    it('is not harmed by an abort in the middle of a prompt, nor by a run that failed', async () => {
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
});
