// Verified drafts on the real graph against decoding token by token: same tokens, log-probabilities, stops and cache.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sampling } from '@/core/sampling';
import type { InspectableModelRunner } from '@/engine/runner/model-runner';
import type { RunResult, RunRow } from '@/engine/runner/runner';
import { GREEDY, randomAdapter, row } from './graph-twin';
import { expectSame, useTinyGraph } from './tiny-graph';

const tiny = useTinyGraph();
const COUNT = 48;
/** A repetitive prompt, so that answers repeat themselves and drafts are long. */
const PROMPT = Array.from({ length: 60 }, (_, i) => [256, 72, 101, 33, 7][i % 5]!);
const SAMPLED: Sampling = { ...GREEDY, temperature: 0.4, seed: 11 };
let plain: InspectableModelRunner;
let speculative: InspectableModelRunner;

beforeAll(async () => {
  plain = await tiny.createRunner({ speculates: false });
  speculative = await tiny.createRunner();
  for (const runner of [plain, speculative]) {
    runner.loadAdapter('a', randomAdapter(tiny.base.weights.config, { seed: 1, rank: 4 }));
  }
});

interface Answer extends RunResult {
  /** The number of new tokens of each run. */
  runs: number[];
}

/** Runs up to `steps` tokens at a time, as a scheduler would, until the answer has `count` tokens or stops. */
async function answer(
  runner: InspectableModelRunner,
  start: RunRow,
  { count = COUNT, steps = 4 } = {},
): Promise<Answer> {
  const all: Answer = { ids: [], logprobs: [], cache: start.cache!, stopped: false, runs: [] };
  let current: RunRow = start;
  while (all.ids.length < count && !all.stopped) {
    const [result] = await runner.run([{ ...current, maxNew: count - all.ids.length }], steps);
    all.ids.push(...result!.ids);
    all.logprobs.push(...result!.logprobs);
    if (result!.top) all.top = [...(all.top ?? []), ...result!.top];
    all.stopped = result!.stopped;
    all.cache = result!.cache;
    all.runs.push(result!.ids.length);
    current = behind(start, all);
  }
  return all;
}

function expectSameAnswer(found: Answer, expected: Answer): void {
  expectSame(found, expected);
  expect(found.stopped).toBe(expected.stopped);
  expect(found.cache.length).toBe(expected.cache.length);
  expect(found.top?.map(({ ids }) => ids)).toEqual(expected.top?.map(({ ids }) => ids));
  for (const [i, top] of (found.top ?? []).entries()) {
    for (const [j, logprob] of top.logprobs.entries()) {
      expect(Math.abs(logprob - expected.top![i]!.logprobs[j]!)).toBeLessThan(1e-4);
    }
  }
}

const start = (options: Partial<RunRow> = {}) => row(PROMPT, { seen: Int32Array.from(PROMPT), ...options });
const settings: [string, Sampling][] = [
  ['greedy', GREEDY],
  ...[11, 12, 13, 14].map((seed): [string, Sampling] => [`at temperature 0.4, seed ${seed}`, { ...SAMPLED, seed }]),
  ['with top-k and top-p', { ...SAMPLED, topK: 8, topP: 0.8 }],
  ['with min-p', { ...SAMPLED, minP: 0.2 }],
  ['with a bias', { ...SAMPLED, logitBias: { 7: 3, 33: -2 } }],
  ['with every penalty', { ...SAMPLED, repetitionPenalty: 1.05, presencePenalty: 0.1, frequencyPenalty: 0.02 }],
  ['with greedy penalties', { ...GREEDY, repetitionPenalty: 1.02, frequencyPenalty: 0.01 }],
];

/** The row that continues an answer. */
const behind = (asked: RunRow, { cache, ids }: Pick<RunResult, 'cache' | 'ids'>): RunRow => ({
  ...asked,
  cache,
  tokens: Int32Array.of(ids.at(-1)!),
  position: ids.length,
  seen: Int32Array.from([...PROMPT, ...ids]),
});

describe('a verified draft', () => {
  it.each(settings)('gives its right tokens and the next one, as plain decoding does, %s', async (_, sampling) => {
    for (const adapterId of [null, 'a']) {
      const asked = start({ adapterId, sampling, topLogprobs: 3 });
      const expected = await answer(plain, asked);
      const found = await answer(plain, asked, { count: 1, steps: 1 });
      for (let run = 0; found.ids.length < COUNT; run++) {
        const at = found.ids.length;
        const draft = expected.ids.slice(at, Math.min(at + 5, COUNT - 1));
        const right = Math.min(run % 7, draft.length); // the draft is wrong from here on, or never
        for (let i = right; i < draft.length; i++) draft[i] = (draft[i]! + 1 + i) % 256;
        const result = await plain.verify(behind(asked, found), draft);
        expect(result.ids).toHaveLength(right + 1);
        found.ids.push(...result.ids);
        found.logprobs.push(...result.logprobs);
        found.top!.push(...result.top!);
        // The cache keeps only what was accepted: the prompt and the answer so far without its last token.
        expect(result.cache.length).toBe(PROMPT.length + found.ids.length - 1);
      }
      expectSameAnswer(found, expected);
      const [rest] = await plain.run([{ ...behind(asked, found), maxNew: 8 }], 8);
      const [expectedRest] = await plain.run([{ ...behind(asked, expected), maxNew: 8 }], 8);
      expect(rest!.ids).toEqual(expectedRest!.ids);
    }
  });

  it('ends at a stop id, whatever follows it in the draft', async () => {
    const sampling = { ...SAMPLED, temperature: 1 };
    const free = await answer(plain, start({ sampling }));
    const at = free.ids.findIndex((id, i) => i >= 3 && free.ids.indexOf(id) === i);
    const asked = start({ sampling, stopIds: [free.ids[at]!] });
    const found = await answer(plain, asked, { count: 1, steps: 1 });
    const result = await plain.verify(behind(asked, found), free.ids.slice(1, at + 5));
    expect(result.ids).toEqual(free.ids.slice(1, at + 1));
    expect(result.stopped).toBe(true);
    expect(result.cache.length).toBe(PROMPT.length + at);
  });
});

describe('speculative decoding', () => {
  it.each(settings)('says what plain decoding says, %s', async (_, sampling) => {
    for (const adapterId of [null, 'a']) {
      const asked = start({ adapterId, sampling, topLogprobs: 3 });
      expectSameAnswer(await answer(speculative, asked), await answer(plain, asked));
    }
  });

  it('drafts beyond the steps of the loop, but not beyond the length of the answer', async () => {
    const asked = start({ sampling: { ...GREEDY, logitBias: { 7: 100 } } });
    for (let count = 20; count < 30; count++) {
      const found = await answer(speculative, asked, { count });
      expectSameAnswer(found, await answer(plain, asked, { count }));
      expect(found.ids).toEqual(new Array(count).fill(7));
      expect(Math.max(...found.runs)).toBeGreaterThan(4);
    }
  });

  it('runs two sequences in the plain loop', async () => {
    const asked = start({ sampling: { ...GREEDY, logitBias: { 7: 100 } } });
    const alone = await answer(plain, asked, { count: 24 });
    const first = await speculative.run(
      [
        { ...asked, maxNew: 20 },
        { ...asked, maxNew: 20 },
      ],
      20,
    );
    const rows = first.map((result) => ({ ...behind(asked, result), maxNew: 20 }));
    const second = await speculative.run(rows, 4);
    for (const [i, { ids }] of second.entries()) {
      expect([...first[i]!.ids, ...ids]).toEqual(alone.ids);
    }
  });
});
