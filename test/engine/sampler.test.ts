// The sampling step against its definition, for all combinations of settings, transformers' processors and hand values.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng, uniformAt } from '@/core/rng';
import { Sampling } from '@/core/sampling';
import transformers from '../fixtures/sampling-transformers.json';
import { SampleGraph } from './sample-graph';
import { drawToken, samplingDistribution, softmax } from './sampling-twin';

const SMALL = 300; // not a multiple of the 64 of a CDF block
const LARGE = 49152;
let small: SampleGraph;
let large: SampleGraph;
beforeAll(async () => {
  small = await SampleGraph.create(SMALL);
  large = await SampleGraph.create(LARGE);
});
afterAll(async () => {
  await small.dispose();
  await large.dispose();
});

const CHOICES = {
  temperature: [0, 0.3, 1, 1.7],
  topK: [0, 1, 5, 40, 200, 1000],
  topP: [1, 0.99, 0.9, 0.4],
  minP: [0, 0.001, 0.05, 0.5],
  repetitionPenalty: [1, 1.3, 0.7],
  presencePenalty: [0, 0.8, -1],
  frequencyPenalty: [0, 0.6, -0.5],
  logitBias: [{}, { 3: 4, 17: -100, 200: 2.5 }],
};

/** Yields every combination of the choices. */
function* combinations(): Generator<Partial<Sampling>> {
  let partial: Partial<Sampling>[] = [{}];
  for (const [name, values] of Object.entries(CHOICES)) {
    partial = partial.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value })));
  }
  yield* partial;
}

const PROMPT = [3, 5, 8, 13, 13];
const ANSWER = [5, 21, 21, 21, 34];

/** Sharp logits (scale 3) put a nucleus inside the 64 sorted candidates, flat ones (0.5) far outside. */
function randomRow(vocab: number, seed: number, sampling: Partial<Sampling>) {
  const rng = new Rng(seed, 1000);
  const scale = seed % 2 ? 3 : 0.5;
  return {
    logits: Float32Array.from({ length: vocab }, () => scale * rng.normal()),
    sampling: Sampling.parse({ ...sampling, seed }),
    position: ANSWER.length,
    seen: [...PROMPT, ...ANSWER],
    topLogprobs: seed % 3,
  };
}
type Row = ReturnType<typeof randomRow>;

/** The token that the twin draws for the row's own uniform. */
function expectedToken({ logits, sampling }: Row, { topP = sampling.topP, minP = sampling.minP, shift = 0 } = {}) {
  const p = samplingDistribution(logits, { ...sampling, topP, minP }, { prompt: PROMPT, answer: ANSWER });
  return drawToken(p, uniformAt(sampling.seed, ANSWER.length) + shift, sampling);
}

/** Whether float32 may draw this token: the definition does if uniform, topP or minP move by a hundred-thousandth. */
function isNearEdge(row: Row, token: number): boolean {
  const { topP, minP } = row.sampling;
  return [-1e-5, 1e-5].some((move) =>
    [{ shift: move }, { topP: Math.min(1, topP + move) }, { minP: minP * (1 + move) }].some(
      (moved) => expectedToken(row, moved) === token,
    ),
  );
}

describe('the drawn token', () => {
  it('is the one that the definition draws with the same uniform, for every combination of settings', async () => {
    const settings = [...combinations()]; // 4 * 6 * 4 * 4 * 3 * 3 * 3 * 2
    expect(settings).toHaveLength(20736);
    const rows = settings.map((sampling, seed) => randomRow(SMALL, seed, sampling));
    const different: string[] = [];
    let nearEdge = 0;
    for (let at = 0; at < rows.length; at += 128) {
      const batch = rows.slice(at, at + 128);
      for (const [i, { token }] of (await small.draw(batch)).entries()) {
        const right = expectedToken(batch[i]!);
        if (token === right) continue;
        if (isNearEdge(batch[i]!, token)) nearEdge++;
        else different.push(`${JSON.stringify(batch[i]!.sampling)}: ${token}, not ${right}`);
      }
    }
    expect(different).toEqual([]);
    expect(nearEdge).toBeLessThan(10);
  });

  it('is exact over a vocabulary of 49152, with a nucleus of a few tokens or of most of them', async () => {
    const settings: Partial<Sampling>[] = [
      { temperature: 1 },
      { temperature: 1.5, topP: 0.95 },
      { temperature: 0.5, topP: 0.9 },
      { temperature: 1, topK: 1000, topP: 0.9 },
      { temperature: 1, minP: 0.02 },
      { temperature: 1.2, topP: 0.8, minP: 0.1, presencePenalty: 1, logitBias: { 40000: 9 } },
    ];
    for (const [n, sampling] of settings.entries()) {
      const rows = Array.from({ length: 8 }, (_, i) => randomRow(LARGE, 100 * n + i, sampling));
      for (const [i, { token }] of (await large.draw(rows)).entries()) {
        if (token !== expectedToken(rows[i]!)) expect(isNearEdge(rows[i]!, token)).toBe(true);
      }
    }
  });

  it('does not depend on the rest of the batch', async () => {
    const all = [...combinations()];
    const rows = Array.from({ length: 96 }, (_, i) => randomRow(LARGE, i, all[(i * 2161) % all.length]!));
    const together = await large.draw(rows);
    for (const [i, row] of rows.entries()) {
      const [alone] = await large.draw([row]);
      expect(alone!.token).toBe(together[i]!.token);
      expect(Math.abs(alone!.logprob - together[i]!.logprob)).toBeLessThan(1e-5);
    }
  });
});

describe("the distribution of transformers' processors", () => {
  const { seen, cases } = transformers;
  const UNIFORMS = 2000;
  let graph: SampleGraph;
  beforeAll(async () => {
    graph = await SampleGraph.create(cases[0]!.logits.length);
  });
  afterAll(() => graph.dispose());

  it.each(cases.map((one) => [JSON.stringify(one.sampling), one] as const))('%s', async (_, one) => {
    const sampling = Sampling.parse({ ...one.sampling, seed: 0 });
    const twin = samplingDistribution(one.logits, sampling, { prompt: seen });
    const row = { logits: Float32Array.from(one.logits), sampling, position: 0, seen };
    const drawn = await graph.draw(
      Array.from({ length: UNIFORMS }, () => row),
      Array.from({ length: UNIFORMS }, (_, i) => (i + 0.5) / UNIFORMS),
    );
    for (const [id, p] of one.probabilities.entries()) {
      expect(Math.abs(twin[id]! - p)).toBeLessThan(1e-5);
      // The uniforms are evenly spaced: a token's count is off by at most one, and no token that was cut is drawn.
      const count = drawn.filter(({ token }) => token === id).length;
      expect(Math.abs(count - p * UNIFORMS)).toBeLessThan(1.01);
      if (p === 0) expect(count).toBe(0);
    }
  });
});

describe('log-probabilities', () => {
  it('of the drawn and the most likely tokens are of the distribution at temperature 1, without settings', async () => {
    const sampling = { temperature: 0.4, topK: 4, repetitionPenalty: 1.5, logitBias: { 7: 50 }, minP: 0.2 };
    const rows = [1, 2, 4].map((seed) => randomRow(SMALL, seed, sampling));
    for (const [i, { token, logprob, top }] of (await small.draw(rows)).entries()) {
      const p = softmax(Array.from(rows[i]!.logits)).map(Math.log);
      expect(token).toBe(7); // the bias leaves no other choice
      expect(Math.abs(logprob - p[7]!)).toBeLessThan(1e-5);
      const best = p.map((_, id) => id).sort((a, b) => p[b]! - p[a]!);
      expect(top.ids).toEqual(best.slice(0, 2)); // as many as the row of the batch that asks for the most
      for (const [place, id] of top.ids.entries()) {
        expect(Math.abs(top.logprobs[place]! - p[id]!)).toBeLessThan(1e-5);
      }
    }
  });
});

describe('penalties and biases, by hand', () => {
  const LOGITS = [2, 1, -1, 0.5];
  const place = async (sampling: Partial<Sampling>, answer: number[], prompt: number[] = []) => {
    const logits = new Float32Array(SMALL).fill(-1000);
    logits.set(LOGITS);
    const rows = Array.from({ length: 1000 }, () => ({
      logits,
      sampling: Sampling.parse({ seed: 0, temperature: 1, ...sampling }),
      position: answer.length,
      seen: [...prompt, ...answer],
    }));
    const drawn = await small.draw(
      rows,
      rows.map((_, i) => (i + 0.5) / rows.length),
    );
    return [0, 1, 2, 3].map((id) => drawn.filter(({ token }) => token === id).length / rows.length);
  };

  it.each([
    // 2 - 0.5 * 1 - 0.25 * 3 = 0.75 for the token that occurs three times, 1 - 0.5 - 0.25 = 0.25 for the other.
    [
      'presence 0.5 and frequency 0.25',
      { presencePenalty: 0.5, frequencyPenalty: 0.25 },
      [0, 1, 0, 0],
      [],
      [0.75, 0.25, -1, 0.5],
    ],
    // Tokens of the prompt get neither penalty.
    ['presence, of the answer only', { presencePenalty: 2 }, [3], [0, 1, 3], [2, 1, -1, -1.5]],
    // 2 / 2 = 1 and -1 * 2 = -2, in the prompt and the answer alike, however often a token occurs.
    ['repetition 2', { repetitionPenalty: 2 }, [2, 2], [0], [1, 1, -2, 0.5]],
    // (2 - 4) * 2 = -4: the bias comes before the repetition penalty and the presence penalty after it: -4 - 1.
    [
      'bias, repetition, presence',
      { logitBias: { 0: -4 }, repetitionPenalty: 2, presencePenalty: 1 },
      [0],
      [],
      [-5, 1, -1, 0.5],
    ],
    ['bias', { logitBias: { 0: -100, 2: 2.5 } }, [], [], [-98, 1, 1.5, 0.5]],
  ] as [string, Partial<Sampling>, number[], number[], number[]][])(
    '%s',
    async (_, sampling, answer, prompt, adjusted) => {
      const frequencies = await place(sampling, answer, prompt);
      // A thousand evenly spaced uniforms: a token's count is off by at most one.
      for (const [id, p] of softmax(adjusted).entries()) expect(Math.abs(frequencies[id]! - p)).toBeLessThan(0.0011);
    },
  );

  it('also change the greedy token', async () => {
    expect(await place({ temperature: 0 }, [])).toEqual([1, 0, 0, 0]);
    expect(await place({ temperature: 0, frequencyPenalty: 0.6 }, [0, 0])).toEqual([0, 1, 0, 0]); // 2 - 1.2 < 1
    expect(await place({ temperature: 0, logitBias: { 2: 3.5 } }, [])).toEqual([0, 0, 1, 0]); // 2.5 > 2
  });
});
