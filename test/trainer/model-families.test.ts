// A tiny model of each supported architecture in the trainer gives transformers' logits, alone, padded and packed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLlamaFolder } from '@/core/formats/transformers-folder';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { createLora } from '@/trainer/model/lora';
import { packCompletions } from '@/trainer/model/packing';
import { gatherPositions } from '@/trainer/model/positions';
import type { Backbone, Lora } from '@/trainer/model/types';
import { FAMILIES, familyFolder, largestDifference, readReference } from '../bases-support';

const problem = nativeBackendProblem();
if (problem) console.warn(`Not run: the trainable model. ${problem}`);

describe.skipIf(problem !== null).each(FAMILIES)('%s', (family) => {
  const { ids, positions, logits: reference } = readReference(family);
  const weights = readLlamaFolder(familyFolder(family));
  const row = Int32Array.from(ids);
  let before = 0;
  let backbone: Backbone;
  let lora: Lora;

  beforeAll(async () => {
    await startBackend();
    before = tf.memory().numTensors;
    backbone = loadBackbone({ weights });
    lora = createLora(weights.config, { rank: 3, alpha: 6, rng: new Rng(1) });
    const rng = new Rng(2);
    const adapter = lora.toAdapter(); // B is zero in a new adapter; give it values so that it matters
    for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
    lora.assign(adapter);
  });
  afterAll(() => {
    backbone?.dispose();
    lora?.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("computes transformers' logits, also next to a shorter row", () => {
    for (const rows of [[row], [Int32Array.of(5, 6, 7), row]]) {
      const own = rows.length - 1;
      const logits = tf.tidy(() => {
        const targets = new Int32Array(positions.length);
        const places = { row: targets.map(() => own), position: Int32Array.from(positions), target: targets };
        const hidden = gatherPositions(backbone.hidden({ ids: rows }, null), places); // [positions, H]
        return tf.matMul(hidden, backbone.head, false, true).dataSync();
      });
      expect(largestDifference(logits, reference.flat())).toBeLessThan(1e-4);
    }
  });

  it('reads answers packed after one prompt as it reads each after its own prompt', () => {
    const promptIds = row.subarray(0, 14);
    const completions = [row.subarray(14, 30), row.subarray(30, 41)];
    const { batch } = packCompletions([{ promptIds, completions }]);
    const [packed, ...alone] = tf.tidy(() => [
      backbone.hidden(batch, lora).arraySync()[0]!,
      ...completions.map(
        (completion) => backbone.hidden({ ids: [Int32Array.of(...promptIds, ...completion)] }, lora).arraySync()[0]!,
      ),
    ]);
    let start = promptIds.length;
    for (const [i, completion] of completions.entries()) {
      const own = packed!.slice(start, start + completion.length).flat();
      expect(largestDifference(own, alone[i]!.slice(promptIds.length).flat())).toBeLessThan(1e-4);
      start += completion.length;
    }
  });
});
