// The stand-alone model in plain onnxruntime, against transformers' logits and the engine with the adapter as an input.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mergeAdapter } from '@/cli/export/merge';
import type { Base } from '@/core/base/base';
import type { ModelWeights } from '@/core/base/weights';
import { readLlamaFolder } from '@/core/formats/transformers-folder';
import type { Precision } from '@/engine/graph/blocks';
import { writeStandaloneModel } from '@/engine/graph/standalone';
import { ExternalData } from '@/engine/graph/writer';
import { createModelRunner } from '@/engine/runner/model-runner';
import { FAMILIES, familyFolder, largestDifference, readReference } from '../bases-support';
import { logSoftmax, randomAdapter, temporaryDirectory } from './graph-twin';
import { StandaloneRun } from './standalone-run';

const directory = temporaryDirectory();
afterAll(() => rmSync(directory, { recursive: true }));

function open(name: string, weights: ModelWeights, precision: Precision): Promise<StandaloneRun> {
  const data = new ExternalData(join(directory, `${name}.onnx_data`), `${name}.onnx_data`);
  const path = join(directory, `${name}.onnx`);
  writeFileSync(path, writeStandaloneModel(data, weights, precision));
  data.close();
  return StandaloneRun.create(path, weights.config);
}

describe.each(FAMILIES)('%s', (family) => {
  const { ids, positions, logits: reference } = readReference(family);
  const weights = readLlamaFolder(familyFolder(family));
  const { vocabSize } = weights.config;
  const at = (logits: Float32Array, row: number) => logits.subarray(row * vocabSize, (row + 1) * vocabSize);

  it("gives transformers' logits at every position in fp32, and close ones in int8", async () => {
    const model = await open(family, weights, 'fp32');
    const { logits } = await model.run([ids]);
    const read = positions.flatMap((position) => [...at(logits, position)]);
    expect(largestDifference(read, reference.flat())).toBeLessThan(1e-4);
    await model.dispose();

    const int8 = await open(`${family}-int8`, weights, 'int8');
    const near = (await int8.run([ids])).logits;
    for (const [i, position] of positions.entries()) {
      const [p, q] = [reference[i]!, at(near, position)].map(logSoftmax);
      expect(p!.reduce((sum, value, id) => sum + Math.exp(value) * (value - q![id]!), 0)).toBeLessThan(0.05);
    }
    await int8.dispose();
  });

  it('with a merged adapter is within 1e-3 in log-probability of the engine with the adapter as an input', async () => {
    const adapter = randomAdapter(weights.config, { seed: 3 });
    const base = { id: family, sha256: family.padEnd(16, '-'), weights } as Base;
    const cacheDirectory = join(directory, 'cache');
    const runner = await createModelRunner({ base, precision: 'fp32', cacheDirectory, threads: 1, maxRank: 8 });
    runner.loadAdapter('a', adapter);
    const all = ids.map((_, i) => i);
    const engine = await runner.logits(Int32Array.from(ids), all, 'a');
    const bare = await runner.logits(Int32Array.from(ids), all, null);
    await runner.dispose();

    const model = await open(`${family}-merged`, mergeAdapter(weights, adapter), 'fp32');
    const { logits } = await model.run([ids]);
    const logprobs = (from: Float32Array) => all.flatMap((i) => logSoftmax(at(from, i)));
    expect(largestDifference(logprobs(logits), logprobs(engine))).toBeLessThan(1e-3);
    expect(largestDifference(logprobs(logits), logprobs(bare))).toBeGreaterThan(0.1); // the adapter has an effect

    // Token by token with its own cache, and padded on the left next to a longer row.
    let caches = model.emptyCaches();
    for (const [i, id] of ids.entries()) {
      const step = await model.run([[id]], { caches });
      caches = step.caches;
      expect(largestDifference(step.logits, at(logits, i))).toBeLessThan(1e-3);
    }
    const short = ids.slice(0, -3);
    const rows = [ids, [0, 0, 0, ...short]];
    const mask = [ids.map(() => 1), [0, 0, 0, ...short.map(() => 1)]];
    const padded = (await model.run(rows, { mask })).logits;
    expect(largestDifference(at(padded, 2 * ids.length - 1), at(logits, short.length - 1))).toBeLessThan(1e-3);
    await model.dispose();
  });
});
