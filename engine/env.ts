// The engine process's settings, read from and written to the environment.
import path from 'node:path';
import { readVariables } from '@/core/env';

/** Throws BAD_INPUT naming the variable. */
export function readEngineEnv(environment: Record<string, string | undefined> = process.env) {
  return readVariables(
    environment,
    [
      'ATTUNE_ENGINE_PRECISION',
      'ATTUNE_ENGINE_THREADS',
      'ATTUNE_ENGINE_SPINNING',
      'ATTUNE_ENGINE_SPECULATES',
      'ATTUNE_ENGINE_MAX_RANK',
      'ATTUNE_ENGINE_VERSIONS',
      'ATTUNE_ENGINE_PREFIX_MIB',
      'ATTUNE_ENGINE_MAX_CONTEXT',
      'ATTUNE_ENGINE_ROWS',
      'ATTUNE_ENGINE_QUEUE',
    ],
    ['ATTUNE_MODEL', 'ATTUNE_ARTIFACTS', 'ATTUNE_CACHE', 'ATTUNE_ENGINE_SOCKET'],
  );
}
export type EngineEnv = ReturnType<typeof readEngineEnv>;

export interface EngineProcessOptions {
  modelPath: string;
  artifacts: string;
  cache: string;
  socketPath: string;
  precision?: 'int8' | 'fp32';
  threads?: number;
  spinning?: boolean;
  speculates?: boolean;
  maxContext?: number;
  maxRows?: number;
  maxWaiting?: number;
  maxVersions?: number;
  /** 0 keeps nothing: then earlier requests cannot change the last bits of a completion's logits. */
  prefixMib?: number;
}

/** The environment of a child process with these settings; everything else is inherited. */
export function engineEnvironment(options: EngineProcessOptions): NodeJS.ProcessEnv {
  const text = (value: number | boolean | undefined) => (value === undefined ? '' : String(value));
  return {
    ...process.env,
    ATTUNE_MODEL: path.resolve(options.modelPath),
    ATTUNE_ARTIFACTS: path.resolve(options.artifacts),
    ATTUNE_CACHE: path.resolve(options.cache),
    ATTUNE_ENGINE_SOCKET: options.socketPath,
    ATTUNE_ENGINE_PRECISION: options.precision ?? '',
    ATTUNE_ENGINE_THREADS: text(options.threads),
    ATTUNE_ENGINE_SPINNING: text(options.spinning),
    ATTUNE_ENGINE_SPECULATES: text(options.speculates),
    ATTUNE_ENGINE_MAX_CONTEXT: text(options.maxContext),
    ATTUNE_ENGINE_ROWS: text(options.maxRows),
    ATTUNE_ENGINE_QUEUE: text(options.maxWaiting),
    ATTUNE_ENGINE_VERSIONS: text(options.maxVersions),
    ATTUNE_ENGINE_PREFIX_MIB: text(options.prefixMib),
  };
}
