// An adapter that real PEFT wrote computes here what it computes there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readForeignAdapter } from '@/core/artifact/foreign-adapter';
import { readLlamaFolder } from '@/core/formats/transformers-folder';
import { Rng } from '@/core/rng';
import { nativeBackendProblem, startBackend, tf } from '@/trainer/backend';
import { loadBackbone } from '@/trainer/model/backbone';
import { loraFromAdapter } from '@/trainer/model/lora';
import { gatherPositions } from '@/trainer/model/positions';
import { familyFolder, largestDifference } from '../bases-support';

const folder = join(import.meta.dirname, '../fixtures/peft');
const weights = readLlamaFolder(familyFolder('llama3'));
const { config } = weights;

it.skipIf(nativeBackendProblem() !== null)('its logits are PEFT’s, with the scale of rsLoRA', async () => {
  await startBackend();
  const { ids, logits } = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as {
    ids: number[];
    logits: number[];
  };
  const { adapter, facts } = await readForeignAdapter(folder, { config, maxRank: 64 });
  expect(facts).toMatchObject({ rank: 2, bytes: 9184 });
  const backbone = loadBackbone({ weights });
  const lora = loraFromAdapter(config, adapter, new Rng(1));
  const last = { row: Int32Array.of(0), position: Int32Array.of(ids.length - 1), target: Int32Array.of(0) };
  const logitsWith = (own: typeof lora | null) =>
    tf.tidy(() => {
      const hidden = gatherPositions(backbone.hidden({ ids: [Int32Array.from(ids)] }, own), last); // [1, H]
      return tf.matMul(hidden, backbone.head, false, true).dataSync();
    });
  expect(largestDifference(logitsWith(lora), logits)).toBeLessThan(1e-4);
  expect(largestDifference(logitsWith(null), logits)).toBeGreaterThan(0.1);
  backbone.dispose();
  lora.dispose();
});

it('it is refused for a base of other shapes, and for an engine of a smaller rank', async () => {
  const smaller = { ...config, layers: 1 };
  await expect(readForeignAdapter(folder, { config: smaller, maxRank: 64 })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('belongs to another base'),
  });
  await expect(readForeignAdapter(folder, { config, maxRank: 1 })).rejects.toThrow(/rank 2; the engine takes 1/);
});
