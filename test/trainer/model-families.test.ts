// The trainable model on a tiny model of each supported architecture: transformers' logits, and gradients by differences.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLlamaFolder } from '@/core/llama-folder';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, tf } from '@/trainer/backend';
import { crossEntropy, responseLogprobsWithGradient } from '@/trainer/model/logprobs';
import { createLora } from '@/trainer/model/lora';
import { gatherPositions, responsePositions } from '@/trainer/model/positions';
import { loadTrunk } from '@/trainer/model/trunk';
import type { Lora, Trunk } from '@/trainer/model/types';
import { disposeGradients } from '@/trainer/optim';
import { FAMILIES, familyFolder, largestDifference, readReference } from '../bases-support';

const problem = nativeBackendProblem();
if (problem) console.warn(`Not run: the trainable model. ${problem}`);

describe.skipIf(problem !== null).each(FAMILIES)('%s', (family) => {
  const { ids, positions, logits: reference } = readReference(family);
  const weights = readLlamaFolder(familyFolder(family));
  const row = Int32Array.from(ids);
  let before = 0;
  let trunk: Trunk;
  let lora: Lora;

  beforeAll(async () => {
    await startBackend();
    before = tf.memory().numTensors;
    trunk = loadTrunk({ weights });
    lora = createLora(weights.config, { rank: 3, alpha: 6, rng: new Rng(1) });
    const rng = new Rng(2);
    const adapter = lora.toAdapter(); // B is zero in a new adapter; give it values so that it matters
    for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
    lora.assign(adapter);
  });
  afterAll(() => {
    trunk?.dispose();
    lora?.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("computes transformers' logits, beside a shorter row as well", () => {
    for (const rows of [[row], [Int32Array.of(5, 6, 7), row]]) {
      const own = rows.length - 1;
      const logits = tf.tidy(() => {
        const targets = new Int32Array(positions.length);
        const places = { row: targets.map(() => own), position: Int32Array.from(positions), target: targets };
        const hidden = gatherPositions(trunk.hidden({ ids: rows }, null), places); // [positions, H]
        return tf.matMul(hidden, trunk.head, false, true).dataSync();
      });
      expect(largestDifference(logits, reference.flat())).toBeLessThan(1e-4);
    }
  });

  it('gives the LoRA gradients that central differences give', () => {
    const places = responsePositions([row], [12]);
    const loss = () => {
      const { loss, gradients } = trunk.backward({ ids: [row] }, lora, (hidden) =>
        responseLogprobsWithGradient(trunk, hidden, places, 1, (logprobs) => crossEntropy(logprobs)),
      );
      return { loss, gradients };
    };
    const { gradients } = loss();
    const rng = new Rng(3);
    for (const [name, variable] of lora.variables) {
      // Along a random direction: one difference tests every entry of the gradient.
      const direction = Float32Array.from({ length: variable.size }, () => rng.normal());
      const gradient = Array.from(gradients.get(name)!.dataSync());
      const slope = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      const start = variable.dataSync().slice();
      const step = 1e-3;
      const at = (sign: number) => {
        tf.tidy(() =>
          variable.assign(
            tf.tensor(
              start.map((w, i) => w + sign * step * direction[i]!),
              variable.shape,
            ),
          ),
        );
        const moved = loss();
        disposeGradients(moved.gradients);
        return moved.loss;
      };
      const measured = (at(1) - at(-1)) / (2 * step);
      at(0);
      expect(Math.abs(measured - slope), name).toBeLessThan(0.02 * Math.abs(slope) + 5e-3);
    }
    disposeGradients(gradients);
  });
});
