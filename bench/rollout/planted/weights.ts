// Planted weights on the default base: damaged and stale adapters under a good version's name, loaded by a real int8 engine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Adapter, LoraPair } from '@/core/artifact/adapter';
import { writeArtifact } from '@/core/artifact/artifact';
import type { Fingerprint } from '@/core/artifact/fingerprint';
import type { GateResult } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { toAttuneError } from '@/core/errors';
import { Rng } from '@/core/rng';
import { spawnEngine } from '@/engine/spawn';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startBackend } from '@/trainer/backend';
import { judgeServedLogits } from '@/trainer/gates/engine/served-logits';
import { loadBackbone } from '@/trainer/model/backbone';
import { type Trained, trainVersion } from './trained';

type Damage = (pair: LoraPair, key: string, rng: Rng) => LoraPair;

const spread = (values: Float32Array) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
const layerOf = (key: string) => Number(key.split('.')[1]);

const DAMAGES: Record<string, Damage> = {
  'sign of B lost': ({ a, b }) => ({ a, b: b.map((x) => -x) }),
  'half of the layers zeroed': ({ a, b }, key) => ({ a, b: layerOf(key) % 2 ? b.map(() => 0) : b }),
  'noise as large as the weights': ({ a, b }, _, rng) => ({ a, b: b.map((x) => x + spread(b) * rng.normal()) }),
  'rows of A reversed': ({ a, b }) => ({ a: a.toReversed(), b }),
  'B thrice as large': ({ a, b }) => ({ a, b: b.map((x) => 3 * x) }),
  'B of the last layers a hundred times as large': ({ a, b }, key) => ({
    a,
    b: layerOf(key) >= 28 ? b.map((x) => 100 * x) : b,
  }),
};

const damaged = (adapter: Adapter, damage: Damage): Adapter => {
  const rng = new Rng(11);
  return { ...adapter, pairs: new Map([...adapter.pairs].map(([key, pair]) => [key, damage(pair, key, rng)])) };
};

export interface PlantedWeights {
  kind: 'corrupted weights' | 'stale adapter';
  how: string;
  gate: GateResult;
  /** What the serving engine says when it is told to load the version; null if it would serve it. */
  refusal: string | null;
}

export interface WeightsReport {
  planted: PlantedWeights[];
  /** Good versions: distance of int8 engine and fp32 trainer in nats, and the size of the effect. */
  good: { how: string; distance: number; limit: number; effect: number; alike: string[]; isLoaded: boolean }[];
  /** Milliseconds of a load without and with the proof, and after a restart of the engine, when the base is read too. */
  loadMs: { without: number; with: number; afterRestart: number };
}

export async function plantWeights(): Promise<WeightsReport> {
  await startBackend();
  const { base, modelPath } = await loadChosenBase();
  const backbone = loadBackbone(base);
  const world = { base, backbone };
  const parent = await trainVersion(world, { parent: null, tone: 'terse', epochs: 4 });
  const candidate = await trainVersion(world, { parent: parent.adapter, tone: 'warm', epochs: 4 });
  const slight = await trainVersion(world, { parent: parent.adapter, tone: 'warm', epochs: 1 });
  const sibling = await trainVersion(world, { parent: null, tone: 'warm', epochs: 4 });
  backbone.dispose();
  const artifacts = await mkdtemp(path.join(tmpdir(), 'attune-planted-'));
  const options = {
    ...{ modelPath, artifacts, precision: 'int8' as const, cache: path.join(env.dataFolder, 'cache'), restart: true },
    ...{ threads: env.ATTUNE_ENGINE_THREADS, socketPath: path.join(artifacts, 'engine.sock') },
  };
  let engine = await spawnEngine(options);
  let count = 0;
  const write = (adapter: Adapter, fingerprint?: Fingerprint) =>
    writeVersion(artifacts, base, `v${++count}`, adapter, fingerprint);
  const read = async (adapter: Adapter, fingerprint: Fingerprint) => {
    const versionId = await write(adapter);
    const [own, bare] = [await score(versionId, fingerprint), await score('base', fingerprint)];
    return judgeServedLogits({ fingerprint, measured: own.map((x, i) => x - bare[i]!) });
  };
  const score = async (versionId: string, { probes }: Fingerprint) =>
    (await Promise.all(probes.map((probe) => engine.client.score({ versionId, ...probe })))).flat();
  const load = (versionId: string) =>
    engine.client.load(versionId).then(
      () => null,
      (error: unknown) => toAttuneError(error).message,
    );
  const plant = async (kind: PlantedWeights['kind'], how: string, adapter: Adapter, of: Trained) => ({
    ...{ kind, how, gate: await read(adapter, of.fingerprint) },
    refusal: await load(await write(adapter, of.fingerprint)),
  });
  try {
    const planted: PlantedWeights[] = [];
    for (const [how, damage] of Object.entries(DAMAGES))
      planted.push(await plant('corrupted weights', how, damaged(candidate.adapter, damage), candidate));
    const none = damaged(candidate.adapter, ({ a, b }) => ({ a, b: b.map(() => 0) }));
    planted.push(await plant('stale adapter', 'the parent’s', parent.adapter, candidate));
    planted.push(await plant('stale adapter', 'none: the base answers', none, candidate));
    planted.push(await plant('stale adapter', 'a sibling’s', sibling.adapter, candidate));
    planted.push(await plant('stale adapter', 'an earlier checkpoint of the run', slight.adapter, candidate));
    planted.push(
      await plant('stale adapter', 'the grandchild’s own candidate, for its parent', candidate.adapter, parent),
    );
    const good: WeightsReport['good'] = [];
    for (const [how, { adapter, fingerprint }] of Object.entries({ parent, candidate, slight, sibling })) {
      const { value, threshold, evidence } = await read(adapter, fingerprint);
      const effect = spread(Float32Array.from(fingerprint.effect));
      const alike = ['alikeBase', 'alikeParent'].filter((name) => evidence?.[name]);
      const isLoaded = (await load(await write(adapter, fingerprint))) === null;
      good.push({ how, distance: value, limit: threshold, effect, alike, isLoaded });
    }
    const timed = async (versionId: string) => {
      const since = performance.now();
      await engine.client.load(versionId);
      return performance.now() - since;
    };
    const [bare, proven] = [await write(candidate.adapter), await write(candidate.adapter, candidate.fingerprint)];
    const [without, withProof] = [await timed(bare), await timed(proven)];
    await engine.close();
    engine = await spawnEngine(options);
    return { planted, good, loadMs: { without, with: withProof, afterRestart: await timed(proven) } };
  } finally {
    await engine.close();
    await rm(artifacts, { recursive: true, force: true });
  }
}

async function writeVersion(
  artifacts: string,
  base: Base,
  versionId: string,
  adapter: Adapter,
  fingerprint?: Fingerprint,
): Promise<string> {
  const manifest = {
    ...{ versionId, baseId: base.id, baseSha256: base.sha256, parentVersionId: null, runId: null },
    ...{ snapshotId: null, snapshotSha256: null, gates: [], createdAt: new Date().toISOString() },
    ...(fingerprint && { fingerprint }),
  };
  await writeArtifact(artifacts, manifest, adapter);
  return versionId;
}
