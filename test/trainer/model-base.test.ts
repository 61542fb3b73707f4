// The trainable model on the real base, if it is installed: transformers' figures, and a step's time and memory.
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { completionLogprobsWithGradient, crossEntropy } from '@/trainer/model/logprobs';
import { createLora } from '@/trainer/model/lora';
import { AdamW, clipByGlobalNorm, disposeGradients } from '@/trainer/model/optim';
import { completionPositions, gatherPositions } from '@/trainer/model/positions';
import type { Backbone } from '@/trainer/model/types';
import { findGguf } from '../unit/core/files';

const Reference = z.object({
  prompts: z.array(
    z.object({
      promptIds: z.array(z.int()),
      /** Generates 64 tokens, or up to the end token. */
      greedyIds: z.array(z.int()),
      top20: z.array(z.tuple([z.int(), z.number()])),
      logsumexp: z.number(),
    }),
  ),
});
const { prompts } = Reference.parse(JSON.parse(readFileSync('test/fixtures/smollm2-reference.json', 'utf8')));

const gguf = findGguf();
const problem = nativeBackendProblem() ?? (gguf ? null : 'The base is not installed; run the set-up.');
if (problem) console.warn(`Not run: the trainable model on the real base. ${problem}`);

describe.runIf(problem === null)('SmolLM2-135M-Instruct in the trainer', () => {
  let base: Base;
  let backbone: Backbone;
  beforeAll(async () => {
    await startBackend();
    base = await loadBase(gguf!);
    backbone = loadBackbone(base);
  });
  afterAll(() => backbone?.dispose());

  it("computes transformers' logits and its greedy tokens", () => {
    let worst = 0;
    for (const { promptIds, greedyIds, top20, logsumexp } of prompts) {
      const ids = Int32Array.of(...promptIds, ...greedyIds);
      const positions = completionPositions([ids], [promptIds.length]);
      const { first, best, normaliser } = tf.tidy(() => {
        const rows = gatherPositions(backbone.hidden({ ids: [ids] }, null), positions); // [N, H]
        const logits = tf.matMul(rows, backbone.head, false, true); // [N, V]
        return {
          first: tf.slice(logits, [0, 0], [1, -1]),
          best: tf.argMax(logits, 1),
          normaliser: tf.logSumExp(logits, 1),
        };
      });
      const values = first.dataSync();
      worst = Math.max(worst, ...top20.map(([id, logit]) => Math.abs(values[id]! - logit)));
      expect(normaliser.dataSync()[0]).toBeCloseTo(logsumexp, 3);
      expect([...best.dataSync()]).toEqual(greedyIds);
      tf.dispose([first, best, normaliser]);
    }
    console.log(`largest difference of a top-20 logit: ${worst.toExponential(1)}`);
    expect(worst).toBeLessThan(1e-3);
  });

  it('takes SFT steps of 8 x 256 tokens that lower the loss with a constant number of tensors, under 4 GB', () => {
    const text = base.tokenizer.encode('The quick brown fox jumps over the lazy dog. '.repeat(60)).slice(0, 256);
    const ids = Array.from({ length: 8 }, (_, i) => Int32Array.from([...text.slice(i), ...text.slice(0, i)]));
    const positions = completionPositions(
      ids,
      ids.map(() => 1),
    );
    const lora = createLora(backbone.config, { rank: 16, alpha: 32, rng: new Rng(1) });
    const optimiser = new AdamW();
    const counts: number[] = [];
    const losses = Array.from({ length: 2 }, () => {
      const start = performance.now();
      const { loss, gradients } = backbone.backward({ ids }, lora, (hidden) =>
        completionLogprobsWithGradient(backbone, hidden, positions, 1, (logprobs) => crossEntropy(logprobs)),
      );
      clipByGlobalNorm(gradients, 1);
      optimiser.step(lora.variables, gradients, 3e-4);
      disposeGradients(gradients);
      const peak = process.resourceUsage().maxRSS / 1e6; // kilobytes
      console.log(
        `SFT step 8 x 256, rank 16: ${((performance.now() - start) / 1000).toFixed(1)} s, loss ${loss.toFixed(4)}, ` +
          `peak memory ${peak.toFixed(2)} GB, load ${loadavg()[0]!.toFixed(1)}`,
      );
      counts.push(tf.memory().numTensors);
      return loss;
    });
    expect(losses[1]).toBeLessThan(losses[0]!);
    expect(counts[1]).toBe(counts[0]);
    expect(process.resourceUsage().maxRSS / 1e6).toBeLessThan(4);
    optimiser.dispose();
    lora.dispose();
  });
});
