// An exported reward model gives in onnxruntime the scores of the trainer, in fp32 and for any batch.
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRewardArtifact } from '@/core/artifact/reward-artifact';
import type { Base } from '@/core/base/base';
import { loadBase } from '@/core/base/load-base';
import { Rng } from '@/core/rng';
import { writeTinyLlama } from '@/test/tiny-llama';
import { startBackend } from '@/trainer/backend';
import { computeCompletionStates } from '@/trainer/model/answer-states';
import { loadBackbone } from '@/trainer/model/backbone';
import type { Backbone } from '@/trainer/model/types';
import type { AdapterReader } from '@/trainer/reward/adapter';
import { rewardArtifact } from '@/trainer/reward/export';
import { createProbeReader } from '@/trainer/reward/probe/probe';
import { createRewardModel, normaliseReward, type RewardModel, scaled } from '@/trainer/reward/scorer';
import { readRewardArtifact } from './reward/read-artifact';
import { openRewardScorer, type RewardScorer } from './reward/scorer';

let folder: string;
let base: Base;
let backbone: Backbone;
let model: RewardModel<AdapterReader>;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'attune-reward-'));
  await writeTinyLlama(join(folder, 'base'), { seed: 5 });
  base = await loadBase(join(folder, 'base'));
  backbone = loadBackbone(base);
  model = createRewardModel(backbone, {
    rank: 4,
    alpha: 8,
    heads: 3,
    headInit: 'normal',
    uncertaintyPenalty: 1.5,
    maxTokens: 40,
    microBatchTokens: 512,
    seed: 3,
  });
  const rng = new Rng(4);
  const adapter = model.reader.lora.toAdapter();
  for (const pair of adapter.pairs.values()) pair.b = pair.b.map(() => 0.05 * rng.normal());
  model.reader.lora.assign(adapter);
});
afterAll(async () => {
  model?.dispose();
  backbone?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const samples = () => {
  const rng = new Rng(8);
  const draw = (length: number) => Int32Array.from({ length }, () => rng.integer(256));
  return Array.from({ length: 9 }, (_, i) => ({ promptIds: draw(3 + 4 * i), completionIds: draw(1 + rng.integer(9)) }));
};

/** Checks the scores in a batch and alone. */
async function expectScores(scorer: RewardScorer, expected: number[], tolerance: number) {
  const scores = await scorer.score(samples());
  for (const [i, score] of scores.entries()) expect(Math.abs(score - expected[i]!)).toBeLessThan(tolerance);
  const [alone] = await scorer.score(samples().slice(4, 5));
  expect(Math.abs(alone! - expected[4]!)).toBeLessThan(tolerance);
}

test.each([
  ['fp32', 1e-3],
  ['int8', 0.5], // quantised: roughly the same ranking, not the same numbers
] as const)(
  'in %s it scores within %d of the trainer, alone and in a batch, also rows that are too long',
  async (precision, tolerance) => {
    normaliseReward(model, samples());
    const expected = model.score(samples());
    const artifact = rewardArtifact(model, base);
    const scorer = await openRewardScorer(base, artifact, { precision, cache: join(folder, 'cache'), threads: 1 });
    try {
      await expectScores(scorer, expected, tolerance);
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(1);
    } finally {
      await scorer.close();
    }
  },
);

test.each([
  ['fp32', 1e-3],
  ['int8', 0.5],
] as const)(
  'probes of the lower blocks score in %s within %d of the trainer, and survive saving',
  async (precision, tolerance) => {
    const rng = new Rng(6);
    const blocks = Array.from({ length: base.weights.config.layers - 1 }, (_, i) => i + 1).slice(-2);
    const weights = () => Float32Array.from({ length: base.weights.config.hiddenSize }, () => rng.normal());
    const probes = blocks.map((block, i) => ({ block, weight: weights(), bias: i - 0.5 }));
    const reader = createProbeReader(computeCompletionStates(backbone, blocks), probes, 512);
    const probing = scaled(reader, { maxTokens: 40, uncertaintyPenalty: blocks.length > 1 ? 0.5 : 0 });
    normaliseReward(probing, samples());
    const expected = probing.score(samples());
    const directory = join(folder, `probes-${precision}`);
    await writeRewardArtifact(directory, rewardArtifact(probing, base));
    const artifact = await readRewardArtifact(directory);
    expect(artifact).toEqual(rewardArtifact(probing, base));
    const scorer = await openRewardScorer(base, artifact, { precision, cache: join(folder, 'cache'), threads: 1 });
    try {
      await expectScores(scorer, expected, tolerance);
      const unsaid = { promptIds: samples()[2]!.promptIds, completionIds: new Int32Array(0) };
      expect(Math.abs((await scorer.score([unsaid]))[0]! - probing.score([unsaid])[0]!)).toBeLessThan(tolerance);
    } finally {
      await scorer.close();
    }
  },
);

test('the artifact survives saving bit for bit, and a changed file is refused', async () => {
  const artifact = rewardArtifact(model, base);
  const directory = join(folder, 'reward');
  await writeRewardArtifact(directory, artifact);
  expect(await readRewardArtifact(directory)).toEqual(artifact);
  await expect(writeRewardArtifact(directory, artifact)).rejects.toThrow(/exists already/);
  await appendFile(join(directory, 'heads.safetensors'), 'x');
  await expect(readRewardArtifact(directory)).rejects.toThrow(/is not the file that was exported/);
});

test('another base is refused by name', async () => {
  const artifact = rewardArtifact(model, { id: 'other', sha256: 'abc' });
  const options = { precision: 'fp32', cache: join(folder, 'cache'), threads: 1 } as const;
  await expect(openRewardScorer(base, artifact, options)).rejects.toThrow(/trained on the base other/);
});
