// The engine's bookkeeping, over a runner whose tokens are known in advance.
import { describe, expect, it } from 'vitest';
import type { EngineMessage } from '@/engine/protocol';
import { EOS, letter, makeEngine, tokenAt } from './counting-engine';

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

  it('ends with the token that completes a stop string and drops what the run made after it', async () => {
    const { start, drain, runner } = makeEngine();
    const answer = start('r', { seed: 0, stop: ['zz', 'de'] });
    await drain();
    expect(answer.text()).toBe('abcde');
    expect(answer.last()).toMatchObject({ reason: 'stop', completionTokens: 5 });
    expect(runner.live).toBe(0);
  });

  it.each([0, 1, 4, 7])('continues after %i tokens that an earlier process emitted', async (count) => {
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

  it('reports only the end of an answer if all of its tokens were already emitted', () => {
    const { start } = makeEngine();
    const ended = start('a', { seed: 0, stop: ['bc'] }, { emittedIds: [1, 2, 3] });
    expect(ended.messages).toMatchObject([{ type: 'finished', reason: 'stop', completionTokens: 3 }]);
    const full = start('b', { seed: 0, maxTokens: 2 }, { emittedIds: [1, 2] });
    expect(full.messages).toMatchObject([{ type: 'finished', reason: 'length', completionTokens: 2 }]);
  });

  it('limits the answer to the context, and refuses a prompt that leaves no room, naming both numbers', async () => {
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

  it('refuses a request that does not fit the queue, and serves the others', async () => {
    const { start, drain } = makeEngine({ maxRows: 1, maxWaiting: 1 });
    const answers = [start('a', { maxTokens: 2 }), start('b', { maxTokens: 2 })];
    expect(() => start('c', {})).toThrow(/2 requests.*Try again/);
    await drain();
    for (const answer of answers) expect(answer.last()).toMatchObject({ reason: 'length' });
  });

  it('batches rows of different versions, and fails a request whose version does not exist', async () => {
    const { start, drain, runner } = makeEngine();
    start('a', {}, { versionId: 'v1' });
    start('b', {}, { versionId: 'v2' });
    start('c', {});
    const missing = start('d', {}, { versionId: 'missing' });
    await drain();
    expect(runner.runs[0]!.rows.map((row) => row.adapterId)).toEqual(['v1', 'v2', null]);
    expect(missing.messages).toMatchObject([{ type: 'failed', code: 'NOT_FOUND' }]);
  });

  it('runs single steps while a version is read and shortly after it is loaded, then several again', async () => {
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

  it('takes the steps of batch answers without regard to the clock, so that they round the same again', async () => {
    const { start, engine, runner } = makeEngine();
    start('a', { maxTokens: 40 }, { priority: 'batch' });
    await engine.load('v1');
    await engine.tick(); // reads the prompt
    await engine.tick();
    expect(runner.runs.map(({ steps }) => steps)).toEqual([1, 8]);
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

  it('scores while answers run, and refuses ids outside the vocabulary', async () => {
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

  it('gives each row its prompt, its answer so far, and all tokens that its answer may still have', async () => {
    const { start, drain, runner } = makeEngine();
    start('a', { repetitionPenalty: 1.2, maxTokens: 3 });
    start('b', { maxTokens: 30 });
    await drain();
    const [a, b] = runner.runs[1]!.rows;
    expect(a!.seen).toEqual([1, 2, 3, 1]);
    expect(b!.seen).toEqual([1, 2, 3, 1]);
    expect([a!.maxNew, b!.maxNew]).toEqual([2, 29]); // one token came with the prompt
  });

  it('reports the most likely alternatives of each token if the request asks for them', async () => {
    const { start, drain } = makeEngine();
    // Seed 1 gives b c d e: the stop string ends the answer in the middle of a run, and the rest of the run is cut.
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
});
