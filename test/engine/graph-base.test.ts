// The graph on the real base, if installed: transformers' figures, int8 close to fp32, batches equal to single rows.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { createModelRunner, type InspectableModelRunner } from '@/engine/runner/model-runner';
import type { RunRow } from '@/engine/runner/runner';
import { GREEDY, logSoftmax, randomAdapter, row, temporaryDirectory } from './graph-twin';

const Reference = z.object({
  ggufSha256: z.string(),
  prompts: z.array(
    z.object({
      promptIds: z.array(z.int()),
      top20: z.array(z.tuple([z.int(), z.number()])),
      greedy64Ids: z.array(z.int()).length(64),
    }),
  ),
});
const reference = Reference.parse(JSON.parse(readFileSync('test/fixtures/smollm2-reference.json', 'utf8')));

const modelFolder = '.attune/models';
const installed = existsSync(modelFolder) ? readdirSync(modelFolder).map((name) => join(modelFolder, name)) : [];
const modelPath = process.env.ATTUNE_MODEL ?? installed[0];
if (!modelPath)
  console.log(`Skipped: no base under ${modelFolder} and no ATTUNE_MODEL. Run the set-up for these tests.`);

describe.runIf(modelPath)('the real base', () => {
  const directory = temporaryDirectory();
  let base: Base;
  let fp32: InspectableModelRunner;
  let int8: InspectableModelRunner;

  beforeAll(async () => {
    base = await loadBase(modelPath!);
    const load = (precision: 'fp32' | 'int8') =>
      createModelRunner({ base, precision, cacheDirectory: directory, threads: 2, maxRank: 16 });
    fp32 = await load('fp32');
    int8 = await load('int8');
    for (const [id, seed] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      for (const runner of [fp32, int8]) {
        runner.loadAdapter(id, randomAdapter(base.weights.config, { seed, rank: 16, size: 0.02 }));
      }
    }
  });
  afterAll(async () => {
    await fp32.dispose();
    await int8.dispose();
    rmSync(directory, { recursive: true });
  });

  const prompts = () =>
    ['What is the capital of France?', 'Name three colours.', 'Why is the sky blue? Answer for a child of six.'].map(
      (content) => base.renderPrompt([{ role: 'user', content }]),
    );

  it("gives transformers' logits and 64 greedy tokens in fp32", async (context) => {
    if (reference.ggufSha256 !== base.sha256) context.skip('The reference is of another weight file.');
    expect(reference.prompts).toHaveLength(3);
    for (const { promptIds, top20, greedy64Ids } of reference.prompts) {
      const logits = await fp32.logits(Int32Array.from(promptIds), [promptIds.length - 1], null);
      const difference = Math.max(...top20.map(([id, value]) => Math.abs(logits[id]! - value)));
      expect(difference).toBeLessThan(1e-4); // 2.5e-5 when first measured
      const first = row(promptIds, { maxNew: 64 });
      expect((await fp32.run([first], 64))[0]!.ids).toEqual(greedy64Ids);
    }
  });

  it('answers in a batch of versions as singly in fp32, with log-probabilities that scoring confirms', async () => {
    const sampling = { ...GREEDY, temperature: 0.8, seed: 4 };
    const rows: RunRow[] = prompts().map((ids, i) => row(ids, { adapterId: [null, 'a', 'b'][i]!, sampling }));
    const together = await fp32.run(rows, 8);
    for (const [i, own] of rows.entries()) {
      const alone = (await fp32.run([own], 8))[0]!;
      expect(together[i]!.ids).toEqual(alone.ids);
      const [scored] = await fp32.score([
        { promptIds: own.tokens, completionIds: Int32Array.from(alone.ids), adapterId: own.adapterId },
      ]);
      for (const [at, logprob] of alone.logprobs.entries()) {
        expect(Math.abs(together[i]!.logprobs[at]! - logprob)).toBeLessThan(1e-4);
        expect(Math.abs(scored![at]! - logprob)).toBeLessThan(1e-4);
      }
    }
  });

  it("keeps int8 close to fp32 over the model's own answers", async () => {
    let agreed = 0;
    let divergence = 0;
    let count = 0;
    for (const ids of prompts()) {
      const answer = (await fp32.run([row(ids, { maxNew: 40, stopIds: base.weights.config.eosTokenIds })], 40))[0]!.ids;
      const tokens = Int32Array.from([...ids, ...answer]);
      const read = answer.map((_, i) => ids.length - 1 + i);
      const exact = await fp32.logits(tokens, read, null); // [answer, V]
      const near = await int8.logits(tokens, read, null);
      const { vocabSize } = base.weights.config;
      for (let i = 0; i < read.length; i++) {
        const [p, q] = [exact, near].map((all) => logSoftmax(all.subarray(i * vocabSize, (i + 1) * vocabSize)));
        const best = p!.reduce((top, value, id) => (value > p![top]! ? id : top), 0);
        agreed += q!.every((value) => value <= q![best]!) ? 1 : 0;
        divergence += p!.reduce((sum, value, id) => sum + Math.exp(value) * (value - q![id]!), 0);
        count++;
      }
    }
    expect(agreed / count).toBeGreaterThan(0.9); // 96 % over 381 positions when first measured
    expect(divergence / count).toBeLessThan(0.02); // 0.004 nats per token when first measured
  });
});
