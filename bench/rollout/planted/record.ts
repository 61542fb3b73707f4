// Records how the default base answers everything that the gates ask: `node --import tsx bench/rollout/planted/record.ts`.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { loadChosenBase } from '@/product/base';
import { env } from '@/product/env';
import { startPrivateEngine } from '@/trainer/sampling/private-engine';
import { askAll } from './ask';
import { RECORDED } from './recorded';

const { base, modelPath } = await loadChosenBase();
const folder = await mkdtemp(path.join(tmpdir(), 'attune-record-'));
const engine = await startPrivateEngine({
  ...{ modelPath, base, folder, precision: 'int8', cache: path.join(env.dataFolder, 'cache') },
  threads: env.ATTUNE_ENGINE_THREADS,
});
const voice = await askAll(engine, base, BASE_VERSION_ID, { questions: 6, probes: 5, facts: 3 });
writeFileSync(RECORDED, gzipSync(JSON.stringify(voice)));
await engine.close();
await rm(folder, { recursive: true });
process.exit(0); // the engine's connection keeps a handle
