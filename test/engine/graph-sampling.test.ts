// Checks the graph's sampling and log-probabilities on a tiny model against their definitions.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sampling } from '@/core/sampling';
import type { InspectableModelRunner } from '@/engine/runner/model-runner';
import { GREEDY, logSoftmax, randomAdapter, row } from './graph-twin';
import { samplingDistribution } from './sampling-twin';
import { expectClose, expectSame, PROMPTS, useTinyGraph } from './tiny-graph';

const tiny = useTinyGraph();
const SAMPLED: Sampling = { ...GREEDY, temperature: 0.9, seed: 11 };
let runner: InspectableModelRunner;

beforeAll(async () => {
  runner = await tiny.createRunner();
  runner.loadAdapter('a', randomAdapter(tiny.base.weights.config, { seed: 1, rank: 4 }));
});

describe('log-probabilities', () => {
  it('are of the full distribution at temperature 1, whatever the sampling, and equal teacher-forced scores', async () => {
    // A penalty under 1 encourages repetition, so that penalised tokens are drawn.
    const sampling = { ...SAMPLED, temperature: 0.6, topK: 30, topP: 0.9, repetitionPenalty: 0.5 };
    const rows = PROMPTS.map((prompt, i) => row(prompt, { sampling, adapterId: i % 2 ? 'a' : null }));
    const results = await runner.run(rows, 8);
    const scores = await runner.score(
      rows.map(({ tokens, adapterId }, i) => ({
        promptIds: tokens,
        completionIds: Int32Array.from(results[i]!.ids),
        adapterId,
      })),
    );
    for (const [i, { ids, logprobs }] of results.entries()) {
      expectClose(logprobs, scores[i]!, 1e-4);
      const p = logSoftmax(await runner.logits(rows[i]!.tokens, [PROMPTS[i]!.length - 1], rows[i]!.adapterId));
      expect(Math.abs(p[ids[0]!]! - logprobs[0]!)).toBeLessThan(1e-4);
    }
  });

  it('are reported for the most likely tokens at each position, in batches and loops, if a row asks', async () => {
    const rows = PROMPTS.map((prompt, i) =>
      row(prompt, { sampling: { ...SAMPLED, logitBias: { 9: 5 } }, topLogprobs: [3, 0, 20, undefined][i] }),
    );
    const results = await runner.run(rows, 8);
    expect(results.map(({ top }) => top?.length)).toEqual([8, undefined, 8, undefined]);
    for (const i of [0, 2]) {
      const tokens = Int32Array.of(...PROMPTS[i]!, ...results[i]!.ids);
      const positions = results[i]!.ids.map((_, step) => PROMPTS[i]!.length - 1 + step);
      const logits = await runner.logits(tokens, positions, null);
      const vocab = tiny.base.weights.config.vocabSize;
      for (const [step, { ids, logprobs }] of results[i]!.top!.entries()) {
        const p = logSoftmax(logits.subarray(step * vocab, (step + 1) * vocab));
        const best = p.map((_, id) => id).sort((a, b) => p[b]! - p[a]!);
        expect(ids).toEqual(best.slice(0, rows[i]!.topLogprobs));
        expectClose(
          logprobs,
          ids.map((id) => p[id]!),
          1e-4,
        );
      }
    }
  });

  it('score completions longer than one read-out chunk as the definition says', async () => {
    const completionIds = Int32Array.from({ length: 300 }, (_, i) => (i * 53) % 256); // read-outs of 128, 128, 44
    const [scored] = await runner.score([{ promptIds: Int32Array.of(256, 3), completionIds, adapterId: 'a' }]);
    const tokens = [256, 3, ...completionIds];
    for (const at of [0, 127, 128, 255, 256, 299]) {
      const logits = await runner.logits(Int32Array.from(tokens.slice(0, at + 2)), [at + 1], 'a');
      expect(Math.abs(logSoftmax(logits)[completionIds[at]!]! - scored![at]!)).toBeLessThan(1e-4);
    }
    const [none] = await runner.score([
      { promptIds: Int32Array.of(1), completionIds: new Int32Array(), adapterId: null },
    ]);
    expect(none).toHaveLength(0);
  });
});

describe('sampling', () => {
  const CASES: [string, Partial<Sampling>][] = [
    ['the whole vocabulary at temperature 1', { temperature: 1 }],
    ['a low temperature', { temperature: 0.4 }],
    ['top-k', { temperature: 1, topK: 10 }],
    ['a nucleus inside the sorted candidates', { temperature: 0.5, topP: 0.5 }],
    ['a nucleus wider than the sorted candidates', { temperature: 2, topP: 0.95 }],
    ['min-p', { temperature: 1.2, minP: 0.15 }],
    ['a nucleus under a bias and min-p', { temperature: 1, topP: 0.8, minP: 0.05, logitBias: { 9: 3, 100: -100 } }],
    ['top-k, top-p and repetition penalty together', { temperature: 0.8, topK: 40, topP: 0.7, repetitionPenalty: 1.8 }],
  ];
  const DRAWS = 4000;

  it.each(CASES)('draws %s as the definition says (chi-square over 4000 seeds)', async (_, change) => {
    const sampling = { ...GREEDY, ...change };
    const prompt = PROMPTS[1]!;
    const logits = await runner.logits(Int32Array.from(prompt), [prompt.length - 1], null);
    const expected = samplingDistribution(logits, sampling, { prompt });
    const counts = new Array<number>(expected.length).fill(0);
    for (let seed = 0; seed < DRAWS; seed += 200) {
      const rows = Array.from({ length: 200 }, (_, i) =>
        row(prompt, { sampling: { ...sampling, seed: seed + i }, maxNew: 1 }),
      );
      for (const { ids } of await runner.run(rows, 1)) counts[ids[0]!]!++;
    }
    // Tokens expected fewer than 5 times share one bin, as the chi-square approximation requires.
    let statistic = 0;
    let degrees = -1;
    const rest = { expected: 0, count: 0 };
    for (const [id, p] of expected.entries()) {
      if (p === 0) expect(counts[id]).toBe(0);
      if (p * DRAWS < 5) {
        rest.expected += p * DRAWS;
        rest.count += counts[id]!;
      } else {
        statistic += (counts[id]! - p * DRAWS) ** 2 / (p * DRAWS);
        degrees++;
      }
    }
    if (rest.expected >= 5) {
      statistic += (rest.count - rest.expected) ** 2 / rest.expected;
      degrees++;
    }
    expect(degrees).toBeGreaterThan(1);
    // Chi-square has mean df and variance 2 df: the bound is four deviations above the mean.
    expect(statistic).toBeLessThan(degrees + 4 * Math.sqrt(2 * degrees));
  });

  it('takes the most likely token at a vanishing temperature or nucleus', async () => {
    const [greedy] = await runner.run([row(PROMPTS[0]!)], 8);
    for (const change of [{ temperature: 1e-40 }, { temperature: 1e-4 }, { temperature: 2, topP: 1e-45 }]) {
      const [cold] = await runner.run([row(PROMPTS[0]!, { sampling: { ...SAMPLED, ...change } })], 8);
      expectSame(cold!, greedy!);
    }
  });

  it('depends only on the seed and the position, not on the settings of other rows', async () => {
    const mixed = [
      row(PROMPTS[0]!, { sampling: { ...SAMPLED, topK: 3, repetitionPenalty: 1.5 } }),
      row(PROMPTS[1]!, { sampling: { ...SAMPLED, temperature: 2, topP: 0.95 } }),
      row(PROMPTS[2]!),
      row(PROMPTS[3]!, { sampling: SAMPLED, position: 5 }),
    ];
    const together = await runner.run(mixed, 8);
    for (const [i, own] of mixed.entries()) expectSame(together[i]!, (await runner.run([own], 8))[0]!);
  });
});
