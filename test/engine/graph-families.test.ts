// The graph on a tiny model of each supported architecture against transformers' logits.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Base } from '@/core/base/base';
import { readLlamaFolder } from '@/core/formats/transformers-folder';
import type { Precision } from '@/engine/graph/blocks';
import { createModelRunner, type InspectableModelRunner } from '@/engine/runner/model-runner';
import type { RunRow } from '@/engine/runner/runner';
import { FAMILIES, familyFolder, largestDifference, readReference } from '../bases-support';
import { logSoftmax, randomAdapter, row, temporaryDirectory } from './graph-twin';

const directory = temporaryDirectory();
afterAll(() => rmSync(directory, { recursive: true }));

/** A base with only the weights and the identity, which is all that the graph needs. */
const baseOf = (family: (typeof FAMILIES)[number]) =>
  ({ id: family, sha256: family.padEnd(16, '-'), weights: readLlamaFolder(familyFolder(family)) }) as Base;

describe.each(FAMILIES)('%s', (family) => {
  const { ids, positions, logits: reference } = readReference(family);
  const base = baseOf(family);
  const { vocabSize } = base.weights.config;
  const load = (precision: Precision) =>
    createModelRunner({ base, precision, cacheDirectory: join(directory, 'cache'), threads: 1, maxRank: 8 });
  let fp32: InspectableModelRunner;
  beforeAll(async () => {
    fp32 = await load('fp32');
    fp32.loadAdapter('a', randomAdapter(base.weights.config, { seed: 3 }));
  });
  afterAll(() => fp32.dispose());

  it("gives transformers' logits at every position in fp32", async () => {
    const logits = await fp32.logits(Int32Array.from(ids), positions, null);
    expect(largestDifference(logits, reference.flat())).toBeLessThan(1e-4);
  });

  it('reads token by token with a cache as it reads all at once, with and without an adapter', async () => {
    for (const adapterId of [null, 'a']) {
      let cache: RunRow['cache'] = null;
      for (const [at, id] of ids.entries()) {
        const [step] = await fp32.run([row([id], { cache, adapterId, maxNew: 1 })], 1);
        cache = step!.cache;
        const promptIds = Int32Array.from(ids.slice(0, at + 1));
        const [whole] = await fp32.score([{ promptIds, completionIds: Int32Array.from(step!.ids), adapterId }]);
        expect(Math.abs(step!.logprobs[0]! - whole![0]!)).toBeLessThan(1e-4);
      }
    }
  });

  it('answers rows of different lengths in a batch as it does singly', async () => {
    const rows = [row(ids.slice(0, 20), { maxNew: 16 }), row(ids.slice(30, 33), { maxNew: 16, adapterId: 'a' })];
    const together = await fp32.run(rows, 16);
    for (const [i, own] of rows.entries()) {
      const alone = (await fp32.run([own], 16))[0]!;
      expect(together[i]!.ids).toEqual(alone.ids);
      expect(largestDifference(together[i]!.logprobs, alone.logprobs)).toBeLessThan(1e-4);
    }
  });

  it("stays close to transformers' logits in int8", async () => {
    const int8 = await load('int8');
    const logits = await int8.logits(Int32Array.from(ids), positions, null);
    await int8.dispose();
    const divergences = reference.map((expected, i) => {
      const [p, q] = [expected, logits.subarray(i * vocabSize, (i + 1) * vocabSize)].map(logSoftmax);
      return p!.reduce((sum, value, id) => sum + Math.exp(value) * (value - q![id]!), 0);
    });
    expect(Math.max(...divergences)).toBeLessThan(0.05);
  });
});
