// run.json: everything that determines a run's outcome, written before training and kept with the resulting version.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PipelineConfig } from '@/core/config/presets';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import { startBackend } from '@/trainer/backend';

export const RUN_MANIFEST_FILE = 'run.json';

export const RunManifest = z.object({
  format: z.literal(1),
  runId: z.string(),
  startedAt: z.iso.datetime(),
  snapshot: z.object({ id: z.string(), sha256: z.string() }),
  parentVersionId: z.string(),
  base: z.object({ id: z.string(), sha256: z.string() }),
  /** Every field with its defaults, including each stage's `seed`. */
  config: PipelineConfig,
  /** Commit of this program's repository; null outside a checkout. */
  commit: z.string().nullable(),
  libraries: z.record(z.string(), z.string()),
  device: z.enum(['cpu', 'gpu']),
  /** Threads of native training and of the sampling engine: with another number, sums may round differently. */
  threads: z.object({ training: z.int(), engine: z.int() }),
});
export type RunManifest = z.infer<typeof RunManifest>;

type Origin = Pick<RunManifest, 'runId' | 'snapshot' | 'parentVersionId' | 'base' | 'config'> & {
  engineThreads: number;
};

/** The first attempt's manifest holds for all attempts; throws CONFLICT if a later one has another base or snapshot. */
export async function keepRunManifest(folder: string, origin: Origin): Promise<RunManifest> {
  const file = path.join(folder, RUN_MANIFEST_FILE);
  const { engineThreads, ...given } = origin;
  if (existsSync(file)) {
    const kept = RunManifest.parse(JSON.parse(await readFile(file, 'utf8')));
    for (const part of ['base', 'snapshot'] as const) {
      if (kept[part].sha256 === given[part].sha256) continue;
      throw new AttuneError(
        'CONFLICT',
        `Run ${kept.runId} began with the ${part} ${kept[part].id} (${kept[part].sha256.slice(0, 12)}…) and cannot ` +
          `continue with ${given[part].id} (${given[part].sha256.slice(0, 12)}…). Restore the first one, or start another run.`,
      );
    }
    return kept;
  }
  const { device, tensorflow, threads } = await startBackend();
  const manifest: RunManifest = {
    format: 1,
    startedAt: new Date().toISOString(),
    ...given,
    commit: await readCommit(),
    libraries: { node: process.versions.node, libtensorflow: tensorflow, ...packageVersions() },
    device,
    threads: { training: threads, engine: engineThreads },
  };
  await writeDurably(file, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

async function readCommit(): Promise<string | null> {
  const run = promisify(execFile);
  return run('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname }).then(
    ({ stdout }) => stdout.trim(),
    () => null, // no git, or an unpacked archive
  );
}

function packageVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const names = ['@tensorflow/tfjs', '@tensorflow/tfjs-node-gpu', 'onnxruntime-node', '@huggingface/tokenizers'];
  return Object.fromEntries(
    names.map((name) => {
      const { version } = require(path.join(import.meta.dirname, '../../node_modules', name, 'package.json')) as {
        version: string;
      };
      return [name, version];
    }),
  );
}
