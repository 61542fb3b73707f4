// Makes versions for the benches: random adapters of rank 16 on all seven projections, written as real artifacts.
import { rm } from 'node:fs/promises';
import { type Adapter, ALL_TARGETS, loraKey } from '@/core/artifact/adapter';
import { artifactDirectory, writeArtifact } from '@/core/artifact/artifact';
import type { Base } from '@/core/base/base';
import { projectionShape } from '@/core/base/model-config';
import { Rng } from '@/core/rng';

const RANK = 16;
/** B starts at 0 in training and stays small: enough to change answers, not enough to break them. */
const B_SIZE = 0.002;

export async function writeVersion(root: string, base: Base, versionId: string, seed: number): Promise<void> {
  const { config } = base.weights;
  const rng = new Rng(seed);
  const normals = (length: number, deviation: number) => Float32Array.from({ length }, () => deviation * rng.normal());
  const pairs: Adapter['pairs'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of ALL_TARGETS) {
      const [out, in_] = projectionShape(config, projection);
      const pair = { a: normals(RANK * in_, 1 / Math.sqrt(in_)), b: normals(out * RANK, B_SIZE) };
      pairs.set(loraKey(layer, projection), pair);
    }
  }
  const manifest = {
    versionId,
    baseId: base.id,
    baseSha256: base.sha256,
    parentVersionId: null,
    runId: null,
    snapshotId: null,
    snapshotSha256: null,
    gates: [],
    createdAt: new Date(0).toISOString(),
  };
  await rm(artifactDirectory(root, versionId), { recursive: true, force: true });
  await writeArtifact(root, manifest, { rank: RANK, alpha: RANK, targets: ALL_TARGETS, pairs });
}
