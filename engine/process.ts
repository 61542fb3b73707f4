// Runs the engine process: loads the base, then answers on its socket until its parent or a signal ends it.
import fs from 'node:fs';
import { artifactDirectory, readArtifact } from '@/core/artifact/artifact';
import { loadBase } from '@/core/base/load-base';
import { toAttuneError } from '@/core/errors';
import { AdapterStore } from './adapters';
import { PrefixCache } from './cache/prefix-cache';
import { Engine } from './engine';
import { type EngineEnv, readEngineEnv } from './env';
import { proveBy } from './fingerprint';
import { createModelRunner } from './runner/model-runner';
import { DEFAULT_LIMITS } from './scheduler';
import { serve } from './server';
import { TextClassifiers } from './text-classifiers';

async function main(env: EngineEnv): Promise<void> {
  fs.mkdirSync(env.ATTUNE_CACHE, { recursive: true });
  const engine = await createEngine(env);
  const server = await serve(engine, env.ATTUNE_ENGINE_SOCKET, new TextClassifiers(env.ATTUNE_ENGINE_THREADS));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const { precision, baseId, pid } = engine.status();
  process.stdout.write(`engine ${pid}: ${baseId} (${precision}) on ${env.ATTUNE_ENGINE_SOCKET}\n`);
  await engine.run(stop.signal);
  server.close(); // removes the socket file
  process.exit(0); // clients send what is unfinished to the next process
}

async function createEngine(env: EngineEnv): Promise<Engine> {
  const base = await loadBase(env.ATTUNE_MODEL);
  const runner = await createModelRunner({
    base,
    precision: env.ATTUNE_ENGINE_PRECISION,
    cacheDirectory: env.ATTUNE_CACHE,
    threads: env.ATTUNE_ENGINE_THREADS,
    spinning: env.ATTUNE_ENGINE_SPINNING,
    speculates: env.ATTUNE_ENGINE_SPECULATES,
    maxRank: env.ATTUNE_ENGINE_MAX_RANK,
  });
  const { config } = base.weights;
  const { maxPositions } = config;
  const maxContext = Math.min(env.ATTUNE_ENGINE_MAX_CONTEXT ?? maxPositions, maxPositions);
  const prefixes = new PrefixCache({
    maxBytes: env.ATTUNE_ENGINE_PREFIX_MIB * 2 ** 20,
    valuesPerToken: 2 * config.layers * config.keyValueHeads * config.headSize,
  });
  const adapters = new AdapterStore({
    runner,
    read: async (versionId) => {
      const directory = artifactDirectory(env.ATTUNE_ARTIFACTS, versionId);
      const { adapter, manifest } = await readArtifact(directory, { verify: true, base });
      return { adapter, fingerprint: manifest.fingerprint };
    },
    prove: proveBy(runner),
    capacity: env.ATTUNE_ENGINE_VERSIONS,
    onDrop: (versionId) => prefixes.drop(versionId),
  });
  const limits = {
    ...DEFAULT_LIMITS,
    maxRows: env.ATTUNE_ENGINE_ROWS,
    maxWaiting: env.ATTUNE_ENGINE_QUEUE,
  };
  return new Engine({ base, runner, adapters, prefixes, limits, maxContext, now: () => performance.now() });
}

Promise.resolve()
  .then(() => main(readEngineEnv()))
  .catch((error: unknown) => {
    const { code, message, stack, cause } = toAttuneError(error);
    process.stderr.write(`engine: ${code}: ${message}\n${code === 'INTERNAL' ? `${stack}\n${String(cause)}\n` : ''}`);
    process.exit(1);
  });
