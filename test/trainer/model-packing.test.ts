// Packed rows against separate ones: the same hidden states, log-probabilities and gradients, and the layout in full.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { layOut } from '@/trainer/model/layout';
import { completionLogprobs, completionLogprobsWithGradient, crossEntropy } from '@/trainer/model/logprobs';
import { createLora } from '@/trainer/model/lora';
import { disposeGradients } from '@/trainer/model/optim';
import { type CompletionGroup, packCompletions } from '@/trainer/model/packing';
import { completionPositions, gatherPositions } from '@/trainer/model/positions';
import type { Backbone, CompletionPositions, Lora, TokenBatch } from '@/trainer/model/types';
import { tinyWeights } from './slow-llama';

const problem = nativeBackendProblem();
if (problem) console.warn(`Not run: packed rows. ${problem}`);

const ids = (...values: number[]) => Int32Array.of(...values);
const GROUPS: CompletionGroup[] = [
  { promptIds: ids(256, 72, 105), completions: [ids(10, 11, 12, 257), ids(33)] },
  { promptIds: ids(9), completions: [ids(40, 41, 42, 43, 44, 45)] },
  { promptIds: ids(1, 2, 3, 4, 5), completions: [ids(50, 51), ids(52, 53, 54), ids(50, 51)] },
];
const LENGTHS = [4, 1, 6, 2, 3, 2];

describe('the layout of a packed row', () => {
  it('counts positions from the start of what a segment continues, and shows each token only its ancestors', () => {
    // Prompt a b with the answers c d and e, then a separate sequence f; a second row of 2 tokens is padded.
    const layout = layOut(
      {
        ids: [ids(1, 2, 3, 4, 5, 6), ids(7, 8)],
        segments: [[{ length: 2 }, { length: 2, after: 0 }, { length: 1, after: 0 }, { length: 1 }], [{ length: 2 }]],
      },
      16,
    );
    expect([...layout.positions]).toEqual([0, 1, 2, 3, 2, 0, 0, 1]);
    expect([...layout.places]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(layout).toMatchObject({ batch: 2, length: 6, isDense: false });
    const seen = Array.from({ length: 12 }, (_, query) =>
      Array.from({ length: 6 }, (_, key) => (layout.mask.values[query * 6 + key] === 0 ? 1 : 0)).join(''),
    );
    expect(seen).toEqual([
      ...['100000', '110000', '111000', '111100', '110010', '000001'],
      ...['100000', '110000', '001000', '000100', '000010', '000001'],
    ]);
  });

  it('refuses segments that do not fit their rows', () => {
    const layout = (segments: TokenBatch['segments']) => () => layOut({ ids: [ids(1, 2, 3)], segments }, 16);
    expect(layout([[{ length: 2 }]])).toThrow('The segments of a row have 2 tokens, the row has 3.');
    expect(layout([[{ length: 2, after: 0 }, { length: 1 }]])).toThrow('Segment 0 continues segment 0');
    expect(layout([])).toThrow('The batch has 1 rows and segments for 0.');
    expect(() => packCompletions([{ promptIds: ids(), completions: [ids(1)] }])).toThrow('A prompt has no tokens');
    // 20 tokens in a row are fine for a base of 16 positions if no sequence is longer than that.
    expect(layOut({ ids: [new Int32Array(20)], segments: [[{ length: 10 }, { length: 10 }]] }, 16).length).toBe(20);
    expect(() => layOut({ ids: [new Int32Array(20)] }, 16)).toThrow('A row has 20 tokens; the base reads 16.');
  });
});

describe('packing answers', () => {
  it('gives each group its own row, or fills rows with whole groups, longest first', () => {
    const alone = packCompletions(GROUPS);
    expect(alone.batch.ids.map((row) => row.length)).toEqual([12, 8, 7]); // longest first
    // 12 is alone in its row of 15; 8 + 7 fill the second exactly.
    expect(packCompletions(GROUPS, 15).batch.ids.map((row) => row.length)).toEqual([12, 15]);
    expect(packCompletions(GROUPS, 27).batch.ids.map((row) => row.length)).toEqual([27]);
  });

  it('points from the end of the prompt to the first token of every answer', () => {
    const { positions, lengths, last, batch } = packCompletions(GROUPS.slice(0, 1));
    expect([...batch.ids[0]!]).toEqual([256, 72, 105, 10, 11, 12, 257, 33]);
    expect([...positions.position]).toEqual([2, 3, 4, 5, 2]);
    expect([...positions.target]).toEqual([10, 11, 12, 257, 33]);
    expect(lengths).toEqual([4, 1]);
    expect([...last.position]).toEqual([6, 7]);
  });
});

describe.skipIf(problem !== null)('a packed batch of the tiny model', () => {
  const weights = tinyWeights({ seed: 7 });
  let backbone: Backbone;
  let lora: Lora;
  beforeAll(async () => {
    await startBackend();
    backbone = loadBackbone({ weights });
    lora = createLora(weights.config, { rank: 3, alpha: 6, rng: new Rng(1) });
    const adapter = lora.toAdapter();
    const rng = new Rng(2);
    for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
    lora.assign(adapter);
  });
  afterAll(() => {
    backbone?.dispose();
    lora?.dispose();
  });

  const separate = GROUPS.flatMap(({ promptIds, completions }) =>
    completions.map((completion) => ({ row: Int32Array.of(...promptIds, ...completion), prompt: promptIds.length })),
  );
  const rows = separate.map(({ row }) => row);
  const separatePositions = completionPositions(
    rows,
    separate.map(({ prompt }) => prompt),
  );
  const largest = (a: Float32Array, b: Float32Array) => {
    expect(a.length).toBe(b.length);
    return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
  };
  const scores = (batch: TokenBatch, positions: CompletionPositions) => {
    const hidden = backbone.hidden(batch, lora);
    const { logprobs, entropy } = completionLogprobs(backbone, hidden, positions);
    hidden.dispose();
    return { logprobs, entropy };
  };

  it.each([0, 15, 27])('scores answers as separate rows do, in rows of %i tokens', (rowTokens) => {
    const expected = scores({ ids: rows }, separatePositions);
    const packed = packCompletions(GROUPS, rowTokens);
    expect(packed.lengths).toEqual(LENGTHS);
    const actual = scores(packed.batch, packed.positions);
    expect(largest(actual.logprobs, expected.logprobs)).toBeLessThan(3e-6);
    expect(largest(actual.entropy, expected.entropy)).toBeLessThan(3e-6);
    // Segments must matter: without them the second answer would see the first.
    const blind = scores({ ids: packed.batch.ids }, packed.positions);
    expect(largest(blind.logprobs, expected.logprobs)).toBeGreaterThan(1e-2);
  });

  it('has the hidden states of the last tokens of separate rows', () => {
    const at = { row: Int32Array.from(rows.keys()), position: Int32Array.from(rows.map((row) => row.length - 1)) };
    const packed = packCompletions(GROUPS, 27);
    tf.tidy(() => {
      const expected = gatherPositions(backbone.hidden({ ids: rows }, lora), at).dataSync() as Float32Array;
      const actual = gatherPositions(backbone.hidden(packed.batch, lora), packed.last).dataSync() as Float32Array;
      expect(largest(actual, expected)).toBeLessThan(3e-5); // hidden states are up to 3 large
    });
  });

  it.each([0, 15, 27])('has the gradients of separate rows, in rows of %i tokens', (rowTokens) => {
    const gradientsOf = (batch: TokenBatch, positions: CompletionPositions) =>
      backbone.backward(batch, lora, (hidden) =>
        completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => crossEntropy(logprobs)),
      );
    const expected = gradientsOf({ ids: rows }, separatePositions);
    const packed = packCompletions(GROUPS, rowTokens);
    const actual = gradientsOf(packed.batch, packed.positions);
    expect(actual.loss).toBeCloseTo(expected.loss, 5);
    for (const [name, gradient] of expected.gradients) {
      const difference = largest(
        actual.gradients.get(name)!.dataSync() as Float32Array,
        gradient.dataSync() as Float32Array,
      );
      expect(difference, name).toBeLessThan(3e-6);
    }
    disposeGradients(expected.gradients);
    disposeGradients(actual.gradients);
  });
});
